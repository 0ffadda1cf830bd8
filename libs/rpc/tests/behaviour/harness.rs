//! A service whose handlers each test writes, pods that serve it, and clients of it.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use clap::Parser;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use http::uri::PathAndQuery;
use prometheus_client::registry::Registry;
use rpc::{
    Connector, Methods, Resolve, Server, ServerArguments, ServerMetrics, Upstream, UpstreamMetrics,
    UpstreamSettings,
};
use testkit::Network;
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{
    IntoRequest, Request, Response, Status,
    body::Body,
    client::{Grpc, GrpcService},
    server::NamedService,
    service::Routes,
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

pub(crate) type Messages = BoxStream<'static, Result<String, Status>>;
type Handler = dyn Fn(Request<String>) -> BoxFuture<'static, Result<Messages, Status>> + Send + Sync;

pub(crate) const SAY: &str = "/test.v1.EchoService/Say";
pub(crate) const TELL: &str = "/test.v1.EchoService/Tell";
/// The largest request that the service takes.
pub(crate) const LARGEST: usize = 1024;

/// One rpc that answers once (`Say`) and one that streams (`Tell`), by the same handler.
#[derive(Clone)]
pub(crate) struct Echo(Arc<Handler>);

impl Echo {
    pub(crate) fn new<F>(handler: impl Fn(Request<String>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Messages, Status>> + Send + 'static,
    {
        Self(Arc::new(move |request| handler(request).boxed()))
    }

    /// Answers `text` and ends.
    pub(crate) fn answering(text: &'static str) -> Self {
        Self::new(move |_| async move { Ok(once(text)) })
    }

    /// Answers `text` once, and then the stream stays open for ever.
    pub(crate) fn holding(text: &'static str) -> Self {
        Self::new(move |_| async move { Ok(once(text).chain(futures::stream::pending()).boxed()) })
    }

    /// Refuses every call at once.
    pub(crate) fn refusing(status: &Status) -> Self {
        let status = status.clone();
        Self::new(move |_| std::future::ready(Err(status.clone())))
    }
}

/// A stream of one message.
pub(crate) fn once(text: impl Into<String>) -> Messages {
    let text = text.into();
    futures::stream::once(async { Ok(text) }).boxed()
}

impl NamedService for Echo {
    const NAME: &'static str = "test.v1.EchoService";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let handler = self.0.clone();
        let codec: ProstCodec<String, String> = ProstCodec::default();
        let mut grpc = tonic::server::Grpc::new(codec).apply_max_message_size_config(Some(LARGEST), None);
        let path = request.uri().path().to_owned();
        async move {
            Ok(match path.as_str() {
                SAY => grpc.unary(service_fn(move |request| first(handler(request))), request).await,
                TELL => {
                    grpc.server_streaming(service_fn(move |request| all(handler(request))), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            })
        }
        .boxed()
    }
}

async fn first(answer: BoxFuture<'static, Result<Messages, Status>>) -> Result<Response<String>, Status> {
    let (message, _rest) = answer.await?.into_future().await;
    message.unwrap_or_else(|| Err(Status::internal("no message"))).map(Response::new)
}

async fn all(answer: BoxFuture<'static, Result<Messages, Status>>) -> Result<Response<Messages>, Status> {
    answer.await.map(Response::new)
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    server: ServerArguments,
}

/// A server with these arguments, as an operator would write them, and the registry of its metrics.
pub(crate) fn server(arguments: &[&str]) -> (Server, Registry) {
    server_of(&Line::parse_from(["server"].iter().chain(arguments)).server)
}

fn server_of(arguments: &ServerArguments) -> (Server, Registry) {
    let mut registry = Registry::default();
    let descriptor = echo_descriptor();
    let methods = Methods::described_by([descriptor.as_slice(), tonic_health::pb::FILE_DESCRIPTOR_SET]);
    let metrics = ServerMetrics::register(methods.unwrap(), &mut registry);
    (Server::new(arguments, metrics).unwrap(), registry)
}

/// What the compiler would write for the echo service.
fn echo_descriptor() -> Vec<u8> {
    use prost::Message;
    use prost_types::{
        FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, ServiceDescriptorProto,
    };
    let method = |name: &str| MethodDescriptorProto { name: Some(name.into()), ..Default::default() };
    let service = ServiceDescriptorProto {
        name: Some("EchoService".into()),
        method: vec![method("Say"), method("Tell")],
        ..Default::default()
    };
    let file =
        FileDescriptorProto { package: Some("test.v1".into()), service: vec![service], ..Default::default() };
    FileDescriptorSet { file: vec![file] }.encode_to_vec()
}

/// The echo service and health.
pub(crate) async fn routes(echo: Echo) -> Routes {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<Echo>().await;
    Routes::new(echo).add_service(health)
}

/// One pod that serves these routes until its tasks are dropped, with these arguments.
pub(crate) fn serving(routes: Routes, arguments: &[&str]) -> (Network, JoinSet<()>) {
    on_a_network(server(arguments).0, routes)
}

/// The same of a server that has no room for anybody, as one has whose calls do not end. No flag makes one.
pub(crate) fn serving_nobody(routes: Routes) -> (Network, JoinSet<()>) {
    let arguments = ServerArguments { max_concurrency: 0, ..Line::parse_from(["server"]).server };
    on_a_network(server_of(&arguments).0, routes)
}

fn on_a_network(server: Server, routes: Routes) -> (Network, JoinSet<()>) {
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let incoming = network.listen(address(1));
    tasks.spawn(server.serve(incoming, routes, std::future::pending(), Duration::ZERO));
    (network, tasks)
}

/// The address of the pod of that number.
pub(crate) fn address(pod: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, pod], 50051))
}

/// Pods on an in-memory network.
#[derive(Default)]
pub(crate) struct Cluster {
    pub(crate) network: Network,
    pods: JoinSet<()>,
}

impl Cluster {
    /// Starts a pod with the server's defaults. It stops when the token is cancelled, with no grace.
    pub(crate) async fn start(&mut self, pod: u8, echo: Echo) -> CancellationToken {
        self.start_with(pod, server(&[]).0, echo, Duration::ZERO).await
    }

    pub(crate) async fn start_with(
        &mut self,
        pod: u8,
        server: Server,
        echo: Echo,
        grace: Duration,
    ) -> CancellationToken {
        let stop = CancellationToken::new();
        let incoming = self.network.listen(address(pod));
        let routes = routes(echo).await;
        self.pods.spawn(server.serve(incoming, routes, stop.clone().cancelled_owned(), grace));
        stop
    }

    /// Waits until every pod has drained.
    pub(crate) async fn stopped(&mut self) {
        while let Some(pod) = self.pods.join_next().await {
            pod.unwrap();
        }
    }

    /// A connector of this network.
    pub(crate) fn connector(&self) -> Connector {
        let network = self.network.clone();
        Connector::dialing(move |address| std::future::ready(network.connect(address)))
    }

    /// A client of our own to these pods, which never retries.
    pub(crate) fn upstream(&self, pods: &[u8]) -> Upstream {
        let metrics = UpstreamMetrics::register(&mut Registry::default());
        Upstream::connect_through(&settings(1), &metrics, Script::of(pods), self.connector())
    }

    /// The same, and whether any pod is connected.
    pub(crate) fn upstream_connected(&self, pods: &[u8]) -> (Upstream, watch::Receiver<bool>) {
        let upstream = self.upstream(pods);
        let connected = upstream.connected();
        (upstream, connected)
    }

    /// A client that knows nothing of ours.
    pub(crate) fn stranger(&self, pod: u8) -> tonic::transport::Channel {
        self.network.channel(address(pod))
    }
}

/// The settings of a client that makes so many attempts.
pub(crate) fn settings(attempts: u32) -> UpstreamSettings {
    let settings = UpstreamSettings::new("echo", "http://echo.test:50051".parse().unwrap());
    UpstreamSettings { attempts, ..settings }
}

/// A resolver that says what the test tells it to.
#[derive(Clone)]
pub(crate) struct Script {
    answer: Arc<Mutex<Option<Vec<SocketAddr>>>>,
    asked: Arc<AtomicUsize>,
}

impl Script {
    pub(crate) fn of(pods: &[u8]) -> Self {
        let script = Self { answer: Arc::default(), asked: Arc::default() };
        script.now(pods);
        script
    }

    pub(crate) fn now(&self, pods: &[u8]) {
        *self.answer.lock().unwrap() = Some(pods.iter().copied().map(address).collect());
    }

    pub(crate) fn fail(&self) {
        *self.answer.lock().unwrap() = None;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Resolve for Script {
    fn resolve(&self) -> BoxFuture<'_, std::io::Result<Vec<SocketAddr>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer.lock().unwrap().clone();
        std::future::ready(answer.ok_or_else(|| std::io::Error::other("no such host"))).boxed()
    }
}

/// Calls `Say`.
pub(crate) async fn say<C>(client: C, request: impl IntoRequest<String>) -> Result<Response<String>, Status>
where
    C: GrpcService<Body>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut grpc = Grpc::new(client);
    grpc.ready().await.map_err(|error| Status::unavailable(error.into().to_string()))?;
    let codec: ProstCodec<String, String> = ProstCodec::default();
    grpc.unary(request.into_request(), PathAndQuery::from_static(SAY), codec).await
}

/// Calls `Tell`.
pub(crate) async fn tell<C>(
    client: C,
    request: impl IntoRequest<String>,
) -> Result<tonic::Streaming<String>, Status>
where
    C: GrpcService<Body>,
    C::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <C::ResponseBody as http_body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    C::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut grpc = Grpc::new(client);
    grpc.ready().await.map_err(|error| Status::unavailable(error.into().to_string()))?;
    let codec: ProstCodec<String, String> = ProstCodec::default();
    let response =
        grpc.server_streaming(request.into_request(), PathAndQuery::from_static(TELL), codec).await?;
    Ok(response.into_inner())
}

/// What a registry would show to Prometheus.
pub(crate) fn exposed(registry: &Registry) -> String {
    telemetry::metrics::exposition([registry]).unwrap()
}

/// The value of the one series whose line starts with `name` and holds all `labels`.
pub(crate) fn series(registry: &Registry, name: &str, labels: &[&str]) -> f64 {
    let text = exposed(registry);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)))
        .collect();
    let [line] = lines[..] else { panic!("{name} {labels:?} in {lines:#?} of\n{text}") };
    let value = line.split("} ").nth(1).unwrap();
    value.split(' ').next().unwrap().parse().unwrap()
}

/// Lets everything that can run now do so, without letting time pass.
pub(crate) async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}
