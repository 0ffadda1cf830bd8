//! What the tests stand on: api, the scripted service behind it, and a client with a key.

use std::net::{Ipv4Addr, SocketAddr};

use api::Arguments;
use clap::Parser;
use proto::inference::v1::{
    GenerateTextRequest, inference_service_client::InferenceServiceClient,
    inference_service_server::InferenceServiceServer,
};
use runtime::Life;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;
use tonic::{
    Code, Request, Status,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_types::StatusExt;

use crate::scripted::{Script, Scripted};

/// The secret that is let in, and whose it is.
pub(crate) const SECRET: &str = "open-sesame";
pub(crate) const OWNER: &str = "laptop";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    service: Arguments,
}

/// Api at work, and what stands behind it.
pub(crate) struct Stand {
    pub(crate) upstream: Scripted,
    pub(crate) address: SocketAddr,
    /// Of api.
    pub(crate) life: Life,
    _upstream: Serving,
}

/// A service at work, which ends with this.
pub(crate) type Serving = JoinSet<Result<(), tonic::transport::Error>>;

impl Stand {
    pub(crate) async fn start(script: Script) -> Self {
        Self::with(script, &[]).await
    }

    /// The same with more flags for api.
    pub(crate) async fn with(script: Script, flags: &[&str]) -> Self {
        let upstream = Scripted::new(script);
        let (address, serving) = serve(&upstream);
        let (address, life) = api(address, flags).await;
        Self { upstream, address, life, _upstream: serving }
    }

    /// The same without room for anybody, as one has whose calls do not end. No flag makes one.
    pub(crate) async fn full(script: Script) -> Self {
        let upstream = Scripted::new(script);
        let (address, serving) = serve(&upstream);
        let mut arguments = line(&format!("http://{address}"), &[]);
        arguments.server.max_concurrency = 0;
        let life = Life::new();
        let address = api::start(arguments, life.clone()).await.unwrap();
        Self { upstream, address, life, _upstream: serving }
    }

    /// Api in front of nobody: there is no listening on port 0.
    pub(crate) async fn alone() -> Self {
        let nobody = (Ipv4Addr::LOCALHOST, 0).into();
        let (address, life) = api(nobody, &[]).await;
        Self { upstream: Scripted::new(Script::Greet), address, life, _upstream: JoinSet::new() }
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect_lazy()
    }

    pub(crate) fn client(&self) -> InferenceServiceClient<Channel> {
        InferenceServiceClient::new(self.channel())
    }
}

/// Serves what is scripted, and tells where.
pub(crate) fn serve(upstream: &Scripted) -> (SocketAddr, Serving) {
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let address = incoming.local_addr().unwrap();
    let server = Server::builder().add_service(InferenceServiceServer::new(upstream.clone()));
    let mut serving = JoinSet::new();
    serving.spawn(server.serve_with_incoming(incoming));
    (address, serving)
}

async fn api(upstream: SocketAddr, flags: &[&str]) -> (SocketAddr, Life) {
    let life = Life::new();
    let address = api::start(line(&format!("http://{upstream}"), flags), life.clone()).await.unwrap();
    (address, life)
}

/// The arguments of an api in front of this llm-inference.
pub(crate) fn line(upstream: &str, flags: &[&str]) -> Arguments {
    runtime::install_crypto_provider();
    let key = format!("{OWNER}:{}", hex::encode(Sha256::digest(SECRET)));
    let line = ["api", "--listen", "127.0.0.1:0", "--api-key", &key, "--llm-inference-url", upstream];
    Line::parse_from([&line, flags].concat()).service
}

/// The message in a request with the known key.
pub(crate) fn keyed<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {SECRET}").parse().unwrap());
    request
}

/// A request that api finds nothing wrong with.
pub(crate) fn ask() -> GenerateTextRequest {
    GenerateTextRequest { model: "stub".into(), prompt: "Once".into(), ..GenerateTextRequest::default() }
}

/// What a program sees of an error: its code and its reason.
pub(crate) fn refusal(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!(info.domain, rpc::ERROR_DOMAIN);
    (status.code(), info.reason)
}
