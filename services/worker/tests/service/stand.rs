//! What the tests stand on: a worker between a queue in memory, a folder of objects and a scripted llm-inference.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use artifacts::{ArtifactName, Manifest, Shelf, Upload};
use clap::Parser;
use jobs::{
    Event, Happening, Job, JobId, MemoryQueue, Name, NewJob, Payload, Policies, Policy, Queue, State,
};
use objects::{Folder, GetOptions, Objects, PutOptions};
use prometheus_client::{encoding::text::encode, registry::Registry};
use prost::Message;
use proto::{
    inference::v1::{GenerateTextRequest, Message as Turn, inference_service_server::InferenceServiceServer},
    jobs::v1::{BatchWork, GenerateTextWork},
    tools::v1::{tool_service_server::ToolServiceServer, webhook_service_server::WebhookServiceServer},
};
use rpc::{CallContext, Connector, Resolve, Upstream, UpstreamMetrics, UpstreamSettings};
use runtime::{Life, Signal, Signals, Supervisor};
use tempfile::TempDir;
use testkit::Network;
use tokio::task::JoinSet;
use tonic::transport::Server;
use worker::{Connections, WorkArguments, start_on};

use crate::{scripted::Scripted, toolbox::Toolbox};

pub(crate) const OWNER: &str = "team-a";
const ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 50052);
const TOOLBOX: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 50053);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    work: WorkArguments,
}

/// A worker at work.
pub(crate) struct Stand {
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) shelf: Shelf,
    network: Network,
    has_toolbox: bool,
    _folder: TempDir,
    upstreams: JoinSet<Result<(), tonic::transport::Error>>,
}

/// A worker that can be told to end.
pub(crate) struct Worker {
    signals: tokio::sync::mpsc::Sender<Signal>,
    running: JoinSet<runtime::Exit>,
    registry: Registry,
}

struct OnePod(SocketAddr);

impl Resolve for OnePod {
    fn resolve(&self) -> futures::future::BoxFuture<'_, std::io::Result<Vec<SocketAddr>>> {
        Box::pin(std::future::ready(Ok(vec![self.0])))
    }
}

impl Stand {
    /// Everything but a worker.
    pub(crate) async fn new(scripted: &Scripted) -> Self {
        let network = Network::new();
        let incoming = network.listen(ADDRESS);
        let server = Server::builder().add_service(InferenceServiceServer::new(scripted.clone()));
        let mut serving = JoinSet::new();
        serving.spawn(server.serve_with_incoming(incoming));
        let folder = tempfile::tempdir().unwrap();
        let objects: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).await.unwrap());
        let policy =
            Policy { base: Duration::from_millis(1), ceiling: Duration::from_millis(1), attempts: 3 };
        let policies = Policies { default: policy, ..Policies::default() };
        Self {
            queue: Arc::new(MemoryQueue::new(policies)),
            shelf: Shelf::new(objects),
            network,
            has_toolbox: false,
            _folder: folder,
            upstreams: serving,
        }
    }

    /// The same with the queue and the objects of another.
    pub(crate) fn with_work_of(self, other: &Self) -> Self {
        Self { queue: other.queue.clone(), shelf: other.shelf.clone(), ..self }
    }

    /// The same with an mcp.
    pub(crate) fn with_toolbox(mut self, toolbox: &Toolbox) -> Self {
        let server = Server::builder()
            .add_service(ToolServiceServer::new(toolbox.clone()))
            .add_service(WebhookServiceServer::new(toolbox.clone()));
        self.upstreams.spawn(server.serve_with_incoming(self.network.listen(TOOLBOX)));
        Self { has_toolbox: true, ..self }
    }

    /// Starts a worker with these arguments.
    pub(crate) fn worker(&self, arguments: &[&str]) -> Worker {
        self.worker_of(self.queue.clone(), arguments)
    }

    /// Starts a worker that claims from this queue.
    pub(crate) fn worker_of(&self, queue: Arc<dyn Queue>, arguments: &[&str]) -> Worker {
        let line = Line::parse_from([&["worker"], arguments].concat());
        let network = self.network.clone();
        let connector = Connector::dialing(move |address| std::future::ready(network.connect(address)));
        let mut registry = Registry::default();
        let metrics = UpstreamMetrics::register(&mut registry);
        let connect = |name, address| {
            let settings = UpstreamSettings::new(name, format!("http://{name}:50052").parse().unwrap());
            Upstream::connect_through(&settings, &metrics, OnePod(address), connector.clone())
        };
        let llm_inference = connect("llm-inference", ADDRESS);
        let mcp = self.has_toolbox.then(|| connect("mcp", TOOLBOX));
        let connections = Connections {
            queue,
            heart: self.queue.clone(),
            objects: self.shelf.objects().clone(),
            llm_inference,
            mcp,
        };
        let (signals, receiver) = Signals::channel();
        let grace = Duration::from_secs(2);
        let supervisor =
            Supervisor { life: Life::new(), signals: receiver, grace, drain_delay: Duration::ZERO };
        let mut running = JoinSet::new();
        running.spawn(supervisor.run(async move |life: Life| start_on(connections, &line.work, &life)));
        Worker { signals, running, registry }
    }

    /// Hands in a job of a kind.
    pub(crate) async fn submit(&self, kind: &str, work: &impl Message, published: bool) -> JobId {
        self.submit_payload(kind, Payload::Inline(work.encode_to_vec()), published).await
    }

    /// Hands in a job whose work is given as the queue keeps it.
    pub(crate) async fn submit_payload(&self, kind: &str, payload: Payload, published: bool) -> JobId {
        let mut job = job(kind, payload, None);
        job.headers.extend(published.then(|| ("published".to_owned(), "true".to_owned())));
        self.enqueue(job).await
    }

    async fn enqueue(&self, job: NewJob) -> JobId {
        self.queue.enqueue(vec![job]).await.pop().unwrap().unwrap().id
    }

    /// Hands in a generation.
    pub(crate) async fn generation(&self, prompt: &str) -> JobId {
        let turn = Turn { role: "user".into(), text: prompt.into() };
        let request =
            GenerateTextRequest { model: "stub".into(), messages: vec![turn], ..Default::default() };
        self.submit("generate_text", &GenerateTextWork { request: Some(request) }, false).await
    }

    /// Uploads lines and hands in the batch of them.
    pub(crate) async fn batch(&self, lines: &str) -> JobId {
        self.batch_of(&self.upload(lines).await).await
    }

    /// Uploads lines.
    pub(crate) async fn upload(&self, lines: &str) -> Upload {
        let upload = Upload::random();
        let key = upload.key(OWNER).unwrap();
        self.shelf.objects().put(&key, lines.to_owned().into(), PutOptions::default()).await.unwrap();
        upload
    }

    /// Hands in the batch of an upload.
    pub(crate) async fn batch_of(&self, upload: &Upload) -> JobId {
        self.submit("batch", &batch_work(upload), false).await
    }

    /// Uploads lines and hands in the batch of them, in the name of a key that grants so much.
    pub(crate) async fn batch_with(&self, grants: &str, lines: &str) -> JobId {
        let work = batch_work(&self.upload(lines).await).encode_to_vec();
        self.enqueue(job("batch", Payload::Inline(work), rpc::Grants::new(grants).ok())).await
    }

    /// The job, once it has ended.
    pub(crate) async fn ended(&self, id: JobId) -> Job {
        let (mut after, patience) = (0, Duration::from_secs(30));
        loop {
            let events = self.queue.events(id, after, patience).await.unwrap();
            after = events.events.last().map_or(after, |event| event.sequence);
            if events.is_end {
                return self.queue.get(id).await.unwrap();
            }
            assert!(!events.events.is_empty(), "nothing happened for {patience:?}");
        }
    }

    /// Every report of progress of a job that has ended.
    pub(crate) async fn reports(&self, id: JobId) -> Vec<proto::jobs::v1::Progress> {
        let events = self.queue.events(id, 0, Duration::ZERO).await.unwrap().events;
        let report = |event: Event| match event.happening {
            Happening::Progress(bytes) => Some(proto::jobs::v1::Progress::decode(bytes.as_slice()).unwrap()),
            _ => None,
        };
        events.into_iter().filter_map(report).collect()
    }

    /// What the queue remembers that a job made. The record on the shelf comes a moment later.
    pub(crate) async fn manifest(&self, id: JobId) -> Manifest {
        Manifest::from_bytes(&self.queue.get(id).await.unwrap().result.unwrap()).unwrap()
    }

    /// What a job made, by name.
    pub(crate) async fn artifacts(&self, id: JobId) -> BTreeMap<String, String> {
        let manifest = self.manifest(id).await;
        assert_eq!(manifest.owner, OWNER);
        let mut texts = BTreeMap::new();
        for artifact in &manifest.artifacts {
            let name = ArtifactName::new(artifact.name.as_str()).unwrap();
            let object = self.shelf.open(&manifest, &name, GetOptions::default()).await.unwrap();
            let bytes = object.bytes(1 << 20).await.unwrap();
            assert_eq!(bytes.len() as u64, artifact.bytes);
            texts.insert(name.to_string(), String::from_utf8(bytes.to_vec()).unwrap());
        }
        texts
    }

    /// Waits until the job is in a state.
    pub(crate) async fn until(&self, id: JobId, state: State) {
        let mut after = 0;
        loop {
            let events = self.queue.events(id, after, Duration::from_secs(30)).await.unwrap().events;
            if events.iter().any(|event| event.happening == Happening::Entered(state)) {
                return;
            }
            after = events.last().expect("nothing happened").sequence;
        }
    }
}

impl Worker {
    /// What its calls of others are counted as.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }

    /// Ends it as an orchestrator would.
    pub(crate) async fn terminate(mut self) -> runtime::Exit {
        self.signals.send(Signal::Terminate).await.unwrap();
        self.running.join_next().await.unwrap().unwrap()
    }
}

fn batch_work(upload: &Upload) -> BatchWork {
    BatchWork { input: upload.name(), concurrency: 16, model: "stub".into() }
}

/// A job of the owner, whose key grants this.
fn job(kind: &str, payload: Payload, grants: Option<rpc::Grants>) -> NewJob {
    let name = |text: &str| Name::new("name", text).unwrap();
    let mut job = NewJob::new(name(kind), name(OWNER), payload);
    let principal = rpc::Principal::new(OWNER).ok();
    job.headers = CallContext { principal, grants, ..CallContext::default() }.into_words();
    job
}
