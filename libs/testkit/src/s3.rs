//! An S3 in this process.

use std::{error::Error, fs, future::Future, io, net::SocketAddr, path::Path};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

/// An answer; an error instead of one cuts the connection, and so does one within the body.
pub type Answered = io::Result<Response<UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>>>;

/// An S3 that checks signatures and keeps its objects in a folder of its own. It has no versions, and its conditional
/// writes are not atomic. Dropping it cuts all connections.
#[derive(Debug)]
pub struct S3Server {
    address: SocketAddr,
    root: TempDir,
    tasks: JoinSet<()>,
}

/// What answers requests rightly.
#[derive(Clone)]
pub struct Backend(S3Service);

impl Backend {
    /// The right answer.
    pub async fn answer(&self, request: Request<Incoming>) -> Answered {
        let answer = self
            .0
            .call(request.map(Into::into))
            .await
            .map_err(|error| io::Error::other(format!("{error:?}")))?;
        Ok(answer.map(|body| body.map_err(Into::into).boxed_unsync()))
    }
}

impl S3Server {
    /// The access key that it knows.
    pub const ACCESS_KEY: &'static str = "AKIAONDOLTEST";
    /// The secret of the access key.
    pub const SECRET: &'static str = "a secret that is only known to tests";

    /// A server with these buckets.
    pub async fn start(buckets: &[&str]) -> io::Result<Self> {
        Self::start_behind(buckets, |request, backend| async move { backend.answer(request).await }).await
    }

    /// A server behind a front that sees each request, and answers it, lets the backend do so, or misbehaves.
    pub async fn start_behind<F, A>(buckets: &[&str], front: F) -> io::Result<Self>
    where
        F: Fn(Request<Incoming>, Backend) -> A + Clone + Send + 'static,
        A: Future<Output = Answered> + Send + 'static,
    {
        let root = TempDir::new()?;
        for bucket in buckets {
            fs::create_dir(root.path().join(bucket))?;
        }
        let files = FileSystem::new(root.path()).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(Self::ACCESS_KEY, Self::SECRET));
        let backend = Backend(builder.build());
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, front, backend));
        Ok(Self { address, root, tasks })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its objects are, below the names of their buckets.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Cuts all connections and takes no more.
    pub fn stop(&mut self) {
        self.tasks.abort_all();
    }
}

async fn serve<F, A>(listener: TcpListener, front: F, backend: Backend)
where
    F: Fn(Request<Incoming>, Backend) -> A + Clone + Send + 'static,
    A: Future<Output = Answered> + Send + 'static,
{
    // Dropped, and ended, together with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (front, backend) = (front.clone(), backend.clone());
        let service = service_fn(move |request| front(request, backend.clone()));
        connections.spawn(async move {
            // A connection that is cut is what some tests want.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
        while connections.try_join_next().is_some() {}
    }
}
