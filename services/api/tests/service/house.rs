//! A whole house without a model: api on a queue in memory and a folder, and two people with keys.

use std::{net::SocketAddr, sync::Arc};

use accounts::{Clock, KeyStore, MemoryKeys};
use api::{Arguments, Backends};
use clap::Parser;
use jobs::{MemoryQueue, Policies, Policy, Queue};
use objects::{Folder, Objects};
use proto::{
    artifacts::v1::artifact_service_client::ArtifactServiceClient,
    inference::v1::GenerateTextRequest,
    jobs::v1::{self as wire, job::Work, job_service_client::JobServiceClient},
};
use runtime::Life;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

use crate::{
    plain::{self, Answer},
    stand::{OWNER, SECRET},
    worker::Worker,
};

/// The secret of somebody who administers keys.
pub(crate) const ADMIN: &str = "open-all";
/// Somebody else's secret.
pub(crate) const OTHER: &str = "also-open";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Arguments,
}

/// Api at work, and what it works on.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) queue: MemoryQueue,
    pub(crate) worker: Worker,
    pub(crate) folder: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::of(line(flags)).await
    }

    /// One that has no room for anybody, as one has whose calls do not end. No flag makes one.
    pub(crate) async fn full() -> Self {
        let mut arguments = line(&[]);
        arguments.server.max_concurrency = 0;
        Self::of(arguments).await
    }

    async fn of(arguments: Arguments) -> Self {
        // A job that failed is dead at once.
        let once = Policies { default: Policy { attempts: 1, ..Policy::default() }, ..Policies::default() };
        let (queue, folder) = (MemoryQueue::new(once), tempfile::tempdir().unwrap());
        let objects: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).await.unwrap());
        let shared: Arc<dyn Queue> = Arc::new(queue.clone());
        let worker = Worker::new(Arc::clone(&shared), Arc::clone(&objects));
        let life = Life::new();
        let keys = Some(Arc::new(MemoryKeys::new(Clock::default())) as Arc<dyn KeyStore>);
        let backends = Backends { queue: Some(shared), objects: Some(objects), keys, counters: None };
        let address = api::start_on(&backends, arguments, &life).unwrap();
        Self { address, queue, worker, folder }
    }

    pub(crate) fn jobs(&self) -> JobServiceClient<Channel> {
        JobServiceClient::new(channel(self.address))
    }

    pub(crate) fn artifacts(&self) -> ArtifactServiceClient<Channel> {
        ArtifactServiceClient::new(channel(self.address))
    }

    /// A plain request with the owner's key.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let key = format!("Bearer {SECRET}");
        let headers = [&[("authorization", key.as_str())], headers].concat();
        plain::send(self.address, "GET", path, &headers, "").await
    }

    /// A job of the owner.
    pub(crate) async fn job(&self) -> wire::Job {
        self.jobs().create_job(by(SECRET, text("Once"))).await.unwrap().into_inner()
    }

    /// A job of the owner that was done, and left `text.txt`.
    pub(crate) async fn done(&self, published: bool) -> wire::Job {
        let mut request = text("Once");
        request.job.get_or_insert_default().published = published;
        let name = self.jobs().create_job(by(SECRET, request)).await.unwrap().into_inner().name;
        self.worker.finish(&[("text.txt", "text/plain", "Hello, world")]).await;
        let get = wire::GetJobRequest { name };
        self.jobs().get_job(by(SECRET, get)).await.unwrap().into_inner()
    }
}

/// Api on these backends.
pub(crate) fn serve(backends: &Backends, flags: &[&str], life: &Life) -> SocketAddr {
    api::start_on(backends, line(flags), life).unwrap()
}

fn line(flags: &[&str]) -> Arguments {
    runtime::install_crypto_provider();
    let key = |name: &str, secret: &str| format!("{name}:{}", hex::encode(Sha256::digest(secret)));
    let keys = [key(OWNER, SECRET), key("other", OTHER), format!("{}:admin", key("root", ADMIN))].join(",");
    let line = ["api", "--listen", "127.0.0.1:0", "--api-key", &keys];
    Line::parse_from([&line, flags].concat()).service
}

pub(crate) fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy()
}

/// The message in a request with this key.
pub(crate) fn by<M>(secret: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    request
}

/// A job to generate from a prompt.
pub(crate) fn text(prompt: &str) -> wire::CreateJobRequest {
    let request = GenerateTextRequest { model: "stub".into(), prompt: prompt.into(), ..Default::default() };
    let work = Work::GenerateText(wire::GenerateTextWork { request: Some(request) });
    let job = wire::Job { work: Some(work), ..wire::Job::default() };
    wire::CreateJobRequest { job: Some(job), ..wire::CreateJobRequest::default() }
}

/// The fields that an error names.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let wrong = status.get_details_bad_request().unwrap_or_else(|| panic!("no BadRequest: {status:?}"));
    wrong.field_violations.into_iter().map(|violation| violation.field).collect()
}
