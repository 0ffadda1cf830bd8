//! What the tests stand on: the services in this process, with a queue in memory whose pauses are short.

use std::{fs, net::SocketAddr, sync::Arc, time::Duration};

use api::Backends;
use clap::Parser;
use jobs::{Filter, Job, JobId, MemoryQueue, Name, Policies, Policy, Queue, State};
use objects::{Folder, Objects};
use prometheus_client::registry::Registry;
use proto::jobs::v1::{
    self as wire, CallToolWork, CreateJobRequest, GetJobRequest, Webhook, job::Work,
    job_service_client::JobServiceClient,
};
use proto::tools::v1::tool_service_client::ToolServiceClient;
use rpc::UpstreamSettings;
use runtime::Life;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{
    Request, Status,
    transport::{Channel, Endpoint},
};
use worker::{Connections, WorkArguments};

const KEY: &str = "a key";
/// A key that may only list files, and have nothing but tools called.
pub(crate) const LISTER: &str = "another key";
const PATIENCE: Duration = Duration::from_mins(1);

/// A table that lets receivers on this machine be told.
pub(crate) const HERE: &str = "[webhooks]\nsecrets = [\"new\", \"old\"]\nhosts = [\"*\"]\nprivate = [\"127.0.0.0/8\"]\nplain_http = true\n";

#[derive(Parser)]
struct Line<A: clap::Args> {
    #[command(flatten)]
    arguments: A,
}

fn parse<A: clap::Args>(arguments: &[&str]) -> A {
    Line::parse_from([&["x"], arguments].concat()).arguments
}

/// The services.
pub(crate) struct Stand {
    pub(crate) queue: MemoryQueue,
    api: SocketAddr,
    folder: TempDir,
    _life: Life,
}

impl Stand {
    /// One with this in its file of tools.
    pub(crate) async fn with(webhooks: &str) -> Self {
        runtime::install_crypto_provider();
        let folder = tempfile::tempdir().unwrap();
        write(&folder, webhooks);
        let life = Life::new();
        let text = |path: &str| folder.path().join(path).display().to_string();
        let objects: Arc<dyn Objects> = Arc::new(Folder::open(folder.path().join("objects")).await.unwrap());
        let mcp = parse::<mcp::Arguments>(&["--listen", "127.0.0.1:0", "--tools", &text("tools.toml")]);
        let mcp = Box::pin(mcp::start_on(
            mcp::Backends { objects: Some(objects.clone()), keys: None },
            mcp,
            &life.component("mcp"),
        ))
        .await
        .unwrap();
        let mcp = format!("http://{}", mcp.address);

        let short = Policy { attempts: 4, base: Duration::from_millis(1), ceiling: Duration::from_millis(1) };
        let queue = MemoryQueue::new(Policies { default: short, ..Policies::default() });
        let worker = life.component("worker");
        // Nobody generates anything.
        let nowhere = UpstreamSettings::new("llm-inference", "http://127.0.0.1:9".parse().unwrap());
        let to_mcp = UpstreamSettings::new("mcp", mcp.parse().unwrap());
        let [llm_inference, toolbox] = worker::connect([&nowhere, &to_mcp], &worker).unwrap();
        let connections = Connections {
            queue: Arc::new(queue.clone()),
            heart: Arc::new(queue.clone()),
            objects: objects.clone(),
            llm_inference,
            mcp: Some(toolbox),
        };
        let only = ["--concurrency-of", "generate_text=0"];
        worker::start_on(connections, &parse::<WorkArguments>(&only), &worker).unwrap();

        let (keys, listen) = (text("keys.toml"), ["--listen", "127.0.0.1:0"]);
        let api =
            parse::<api::Arguments>(&[&listen[..], &["--api-keys-file", &keys, "--mcp-url", &mcp]].concat());
        let backends =
            Backends { queue: Some(Arc::new(queue.clone())), objects: Some(objects), ..Backends::default() };
        let api = api::start_on(&backends, api, &life.component("api")).unwrap();
        Self { queue, api, folder, _life: life }
    }

    /// The secret that receivers of `team-a` have, as the command prints it.
    pub(crate) async fn secrets(&self) -> Vec<String> {
        let config = mcp::Config::read(&self.folder.path().join("tools.toml")).unwrap();
        let means = mcp::Means::register(&mut Registry::default(), None);
        mcp::signing_secrets(&config, &means, "team-a").await.unwrap()
    }

    pub(crate) fn jobs(&self) -> JobServiceClient<Channel> {
        JobServiceClient::new(Endpoint::from_shared(format!("http://{}", self.api)).unwrap().connect_lazy())
    }

    pub(crate) fn tools(&self) -> ToolServiceClient<Channel> {
        ToolServiceClient::new(Endpoint::from_shared(format!("http://{}", self.api)).unwrap().connect_lazy())
    }

    /// What a job has made, by the path of an artifact.
    pub(crate) async fn made(&self, job: &wire::Job, artifact: &str) -> Vec<u8> {
        let request = GetJobRequest { name: job.name.clone() };
        let done = self.jobs().get_job(keyed(KEY, request)).await.unwrap().into_inner();
        let path =
            done.artifacts.into_iter().map(|it| it.path).find(|path| path.ends_with(artifact)).unwrap();
        let mut connection = TcpStream::connect(self.api).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).await.unwrap();
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        answer.split_off(head + 4)
    }

    /// Hands in a call of a tool with a key.
    pub(crate) async fn call_with(
        &self,
        key: &str,
        (tool, prefix): (&str, &str),
        webhook: Option<String>,
    ) -> Result<wire::Job, Status> {
        let arguments = serde_json::json!({"bucket": "reports", "prefix": prefix});
        let arguments = Some(contract::message_struct(arguments.as_object().unwrap()));
        let work = Some(Work::CallTool(CallToolWork { tool: tool.to_owned(), arguments }));
        let webhook = webhook.map(|url| Webhook { url });
        let job = Some(wire::Job { work, webhook, ..wire::Job::default() });
        let request = CreateJobRequest { job, ..CreateJobRequest::default() };
        self.jobs().create_job(keyed(key, request)).await.map(tonic::Response::into_inner)
    }

    /// Hands in one that succeeds.
    pub(crate) async fn call(&self, webhook: Option<String>) -> wire::Job {
        self.call_with(KEY, ("s3_list", "daily/"), webhook).await.unwrap()
    }

    /// Hands in a text that nobody generates.
    pub(crate) async fn idle(&self, webhook: &str) -> wire::Job {
        let request = Some(proto::inference::v1::GenerateTextRequest {
            model: "m".into(),
            prompt: "p".into(),
            ..Default::default()
        });
        let work = Some(Work::GenerateText(wire::GenerateTextWork { request }));
        let webhook = Some(Webhook { url: webhook.to_owned() });
        let job = Some(wire::Job { work, webhook, ..wire::Job::default() });
        let request = CreateJobRequest { job, ..CreateJobRequest::default() };
        self.jobs().create_job(keyed(KEY, request)).await.unwrap().into_inner()
    }

    /// Waits until a worker has the job, or had it.
    pub(crate) async fn running(&self, id: JobId) {
        let mut after = 0;
        loop {
            let state = self.queue.get(id).await.unwrap().state;
            if state == State::Running || state.is_end() {
                return;
            }
            let events = self.queue.events(id, after, PATIENCE).await.unwrap();
            after = events.events.last().map_or(after, |event| event.sequence);
        }
    }

    /// The job, once it has ended.
    pub(crate) async fn ended(&self, id: JobId) -> Job {
        let mut after = 0;
        loop {
            let events = self.queue.events(id, after, PATIENCE).await.unwrap();
            assert!(!events.events.is_empty(), "nothing happened for {PATIENCE:?}");
            after = events.events.last().map_or(after, |event| event.sequence);
            if events.is_end {
                return self.queue.get(id).await.unwrap();
            }
        }
    }

    /// What follows the end of a job, once that has ended as well: there has to be one such job.
    pub(crate) async fn told(&self, job: &wire::Job) -> Job {
        let id = job.name.strip_prefix("jobs/").unwrap().parse().unwrap();
        self.ended(id).await;
        let kind = Some(Name::new("kind", "webhook").unwrap());
        let filter = Filter { kind, ..Filter::default() };
        let listed = self.queue.list(&filter, 100, None).await.unwrap().jobs;
        let mut following = listed.iter().filter(|job| job.origin.as_ref().is_some_and(|it| it.id == id));
        let webhook = following.next().expect("nothing follows").id;
        assert!(following.next().is_none(), "one end is told by one job");
        self.ended(webhook).await
    }
}

/// A request with a key.
pub(crate) fn keyed<M>(key: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

/// The same with the key of `team-a`.
pub(crate) fn by_owner<M>(message: M) -> Request<M> {
    keyed(KEY, message)
}

fn write(folder: &TempDir, webhooks: &str) {
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("bucket/daily")).unwrap();
    fs::create_dir_all(path("secrets")).unwrap();
    fs::write(path("secrets/new"), "a master secret, and a long one").unwrap();
    fs::write(path("secrets/old"), "an older one, which is as long").unwrap();
    let bucket = path("bucket").display().to_string();
    let tools = format!(
        "[secrets]\nfolder = \"secrets\"\n{webhooks}\n[s3.buckets.reports]\nurl = \"file://{bucket}\"\nread = [\"daily/\"]\n"
    );
    fs::write(path("tools.toml"), tools).unwrap();
    let key = |name: &str, secret: &str, more: &str| {
        format!("[[keys]]\nname = \"{name}\"\nsha256 = \"{}\"\n{more}\n", hex::encode(Sha256::digest(secret)))
    };
    let lister = "tools = [\"s3_list\"]\njobs = [\"call_tool\"]";
    fs::write(path("keys.toml"), key("team-a", KEY, "") + &key("lister", LISTER, lister)).unwrap();
}
