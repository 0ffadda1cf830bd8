//! Lets connections in, and sees them all out.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, TcpIncoming};
use tower::Service;

use super::{ServerArguments, connection::Connection};
use crate::{
    RpcError,
    draining::Calls,
    step::{Request, Response},
    tasks::Tasks,
};

/// How long accepting rests after an error such as too many open files, which would only repeat.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// How long a client without calls has to close its connection at a drain.
const FAREWELL: Duration = Duration::from_secs(1);

/// Takes an address to listen on. Port 0 takes a free one; `local_addr` of the result tells which.
pub fn bind(address: SocketAddr) -> Result<TcpIncoming, RpcError> {
    let incoming = TcpIncoming::bind(address).map_err(|source| RpcError::Bind { address, source })?;
    // Tokens are small messages that must not wait for more.
    Ok(incoming.with_nodelay(Some(true)))
}

/// A server that accepts connections.
pub(super) struct Listening {
    /// One permit to a connection that may be open.
    room: Arc<Semaphore>,
    connection: Connection,
    connections: Tasks,
    calls: Calls,
}

impl Listening {
    pub(super) fn new(
        arguments: &ServerArguments,
        tls: Option<Arc<ServerConfig>>,
        calls: Calls,
        leaving: CancellationToken,
    ) -> Self {
        let connection = Connection {
            tls: tls.map(TlsAcceptor::from),
            max_streams: arguments.max_connection_streams,
            max_age: arguments.max_connection_age,
            keepalive: arguments.keepalive,
            patience: arguments.max_stall,
            streams: Tasks::default(),
            leaving,
            closing: calls.draining().clone(),
        };
        let room = Arc::new(Semaphore::new(arguments.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
        Self { room, connection, connections: Tasks::default(), calls }
    }

    /// Accepts until `shutdown`, then drains for at most `grace`.
    pub(super) async fn run<L, C, S>(
        self,
        incoming: L,
        service: S,
        shutdown: impl Future<Output = ()>,
        grace: Duration,
    ) where
        L: Stream<Item = io::Result<C>>,
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        self.listen(incoming, service, shutdown).await;
        self.drain(grace).await;
    }

    /// Accepts until `shutdown`. The listener is dropped, and so closed, with this future.
    async fn listen<L, C, S>(&self, incoming: L, service: S, shutdown: impl Future<Output = ()>)
    where
        L: Stream<Item = io::Result<C>>,
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let mut incoming = pin!(incoming);
        tokio::select! {
            biased;
            () = shutdown => {}
            () = self.accept(incoming.as_mut(), service.clone()) => {}
        }
        // Whoever has connected may have sent a call already, and would be reset with the listener.
        while let (Ok(permit), Some(Some(Ok(io)))) =
            (self.room.clone().try_acquire_owned(), incoming.next().now_or_never())
        {
            self.welcome(io, service.clone(), permit);
        }
    }

    /// Runs until there is nobody to come any more.
    async fn accept<L, C, S>(&self, mut incoming: Pin<&mut L>, service: S)
    where
        L: Stream<Item = io::Result<C>>,
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        while let Ok(permit) = self.room.clone().acquire_owned().await {
            match incoming.next().await {
                None => return,
                Some(Ok(io)) => self.welcome(io, service.clone(), permit),
                Some(Err(error)) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_REST).await;
                }
            }
        }
    }

    /// Serves a connection, which holds its permit until it ends.
    fn welcome<C, S>(&self, io: C, service: S, permit: OwnedSemaphorePermit)
    where
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let serving = self.connection.clone().serve(io, service);
        self.connections.spawn(serving.map(|()| drop(permit)));
    }

    async fn drain(self, grace: Duration) {
        self.connection.closing.cancel();
        let all_gone = async {
            self.connections.wait().await;
            self.connection.streams.wait().await;
        };
        // A client that does not answer keeps its connection open, though nothing runs on it.
        let nothing_runs = async {
            tokio::select! {
                () = all_gone => {}
                () = self.calls.idle_for(FAREWELL) => self.cut_off().await,
            }
        };
        if timeout(grace, nothing_runs).await.is_err() {
            tracing::warn!(
                connections = self.connections.len(),
                streams = self.connection.streams.len(),
                "the grace is over: cutting off what still runs"
            );
            self.cut_off().await;
        }
    }

    async fn cut_off(&self) {
        self.connection.streams.abort();
        self.connections.abort();
        self.connection.streams.wait().await;
        self.connections.wait().await;
    }
}
