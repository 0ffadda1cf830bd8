//! Who fills the silences of a stream, and how soon: in paused time, up to the paths of OpenAI's interface.

use std::{future::ready, io, net::SocketAddr, sync::Arc, time::Duration};

use accounts::{Account, Clock, KeyArguments, Keyring, Keys};
use futures::{FutureExt, Stream, StreamExt, future::BoxFuture, stream};
use http_body_util::BodyExt;
use identity::{Identities, IdentityArguments};
use prometheus_client::registry::Registry;
use proto::inference::v1::{
    self as wire,
    inference_service_server::{InferenceService, InferenceServiceServer},
    stream_generate_text_response::Event,
};
use rpc::{Connector, Principal, Resolve, Upstream, UpstreamMetrics, UpstreamSettings};
use serde_json::json;
use sha2::{Digest, Sha256};
use testkit::Network;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tonic::{Request, Response, Status, transport};
use tower::ServiceExt;

use super::{Admission, Dispatch, Inference};
use crate::{auth::Authenticate, http::openai, routes};

/// What a stream says.
#[derive(Clone, Copy)]
enum Say {
    Started,
    Token,
    Heartbeat,
}

/// An llm-inference whose streams say this at these seconds, and then nothing more.
#[derive(Clone, Copy)]
struct Paced(&'static [(u64, Say)]);

type Events = stream::BoxStream<'static, Result<wire::StreamGenerateTextResponse, Status>>;

#[tonic::async_trait]
impl InferenceService for Paced {
    type StreamGenerateTextStream = Events;

    async fn stream_generate_text(
        &self,
        _: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Events>, Status> {
        let began = Instant::now();
        let said = stream::iter(self.0).then(move |(second, say)| async move {
            sleep_until(began + Duration::from_secs(*second)).await;
            let event = match say {
                Say::Started => Event::Started(wire::Started::default()),
                Say::Token => Event::Token(wire::Token::default()),
                Say::Heartbeat => Event::Heartbeat(wire::Heartbeat {}),
            };
            Ok(wire::StreamGenerateTextResponse { event: Some(event) })
        });
        Ok(Response::new(said.chain(stream::pending()).boxed()))
    }

    async fn generate_text(
        &self,
        _: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        Err(Status::unimplemented("only streams"))
    }

    async fn count_tokens(
        &self,
        _: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        Err(Status::unimplemented("only streams"))
    }

    async fn get_model(&self, _: Request<wire::GetModelRequest>) -> Result<Response<wire::Model>, Status> {
        Err(Status::unimplemented("only streams"))
    }

    async fn list_models(
        &self,
        _: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        Err(Status::unimplemented("only streams"))
    }
}

/// Where a release is.
struct At(SocketAddr);

impl Resolve for At {
    fn resolve(&self) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        ready(Ok(vec![self.0])).boxed()
    }
}

/// The service over one route to so many releases, all of which say the same, and what they run on.
fn inference(releases: u8, paced: Paced) -> (Inference, JoinSet<Result<(), transport::Error>>) {
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let metrics = UpstreamMetrics::register(&mut Registry::default());
    let mut upstreams = Vec::new();
    for pod in 1..=releases {
        let address = SocketAddr::from(([10, 0, 0, pod], 50052));
        let server = transport::Server::builder().add_service(InferenceServiceServer::new(paced));
        tasks.spawn(server.serve_with_incoming(network.listen(address)));
        let settings = UpstreamSettings::new("llm-inference", "http://llm.test:50052".parse().unwrap());
        let network = network.clone();
        let connector = Connector::dialing(move |address| ready(network.connect(address)));
        upstreams.push(Upstream::connect_through(&settings, &metrics, At(address), connector));
    }
    (Inference::new(Dispatch::new(routes::over(upstreams)), Admission::unlimited()), tasks)
}

fn ask() -> Request<wire::GenerateTextRequest> {
    let ask = wire::GenerateTextRequest { model: "m".into(), prompt: "Once".into(), ..Default::default() };
    let mut request = Request::new(ask);
    Principal::new("me").unwrap().attach(request.extensions_mut());
    request.extensions_mut().insert(Arc::new(Account::default()));
    request
}

/// The next events of a stream, each with the second in which it came.
async fn heard<S>(events: S, began: Instant, count: usize) -> Vec<(u64, &'static str)>
where
    S: Stream<Item = Result<wire::StreamGenerateTextResponse, Status>>,
{
    let named = events.map(|response| {
        let name = match response.unwrap().event.unwrap() {
            Event::Started(_) => "started",
            Event::Token(_) => "token",
            Event::Heartbeat(_) => "heartbeat",
            Event::Finished(_) => "finished",
        };
        (began.elapsed().as_secs(), name)
    });
    named.take(count).collect().await
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stands_still_beats_and_what_llm_inference_beats_comes_first() {
    let began = Instant::now();
    let (silent, _tasks) = inference(1, Paced(&[(0, Say::Started)]));
    let events = silent.stream_generate_text(ask()).await.unwrap().into_inner();
    let beats = [(0, "started"), (20, "heartbeat"), (40, "heartbeat")];
    assert_eq!(heard(events, began, 3).await, beats);

    let began = Instant::now();
    let (beating, _tasks) =
        inference(1, Paced(&[(0, Say::Started), (15, Say::Heartbeat), (30, Say::Heartbeat)]));
    let events = beating.stream_generate_text(ask()).await.unwrap().into_inner();
    let beats = [(0, "started"), (15, "heartbeat"), (30, "heartbeat"), (50, "heartbeat")];
    assert_eq!(heard(events, began, 4).await, beats);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_first_token_is_late_is_there_after_ten_seconds_and_beats() {
    let began = Instant::now();
    let (late, _tasks) = inference(2, Paced(&[(0, Say::Started), (60, Say::Token)]));
    let answer = late.stream_generate_text(ask()).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert!(!answer.metadata().contains_key("x-ondol-release"), "nobody knows yet whose it will be");
    let beats = [(10, "heartbeat"), (30, "heartbeat"), (50, "heartbeat"), (60, "started"), (60, "token")];
    assert_eq!(heard(answer.into_inner(), began, 5).await, beats);

    let began = Instant::now();
    let (soon, _tasks) = inference(2, Paced(&[(0, Say::Started), (3, Say::Token)]));
    let answer = soon.stream_generate_text(ask()).await.unwrap();
    assert!(answer.metadata().contains_key("x-ondol-release"));
    let told = [(3, "started"), (3, "token"), (23, "heartbeat")];
    assert_eq!(heard(answer.into_inner(), began, 3).await, told);
}

fn authenticate() -> Authenticate {
    let pair = format!("me:{}", hex::encode(Sha256::digest("secret")));
    let keys = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
    let (none, metrics) = (IdentityArguments::default(), identity::Metrics::default());
    Authenticate::new(Keyring::of_file(keys), Identities::load(&none, metrics, Clock::default()).unwrap())
}

/// When the answer to a chat comes, and the seconds of its first comments.
async fn comments(inference: Inference, count: usize) -> (u64, Vec<u64>) {
    let ask = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]});
    let request = http::Request::post(openai::CHAT)
        .header("authorization", "Bearer secret")
        .header("content-type", "application/json")
        .body(axum::body::Body::from(ask.to_string()))
        .unwrap();
    let began = Instant::now();
    let answer = openai::routes(authenticate(), inference, 1024).oneshot(request).await.unwrap();
    assert_eq!(answer.status(), http::StatusCode::OK);
    let (came, mut body) = (began.elapsed().as_secs(), answer.into_body());
    let mut comments = Vec::new();
    while comments.len() < count {
        let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
        if piece == ": heartbeat\n\n" {
            comments.push(began.elapsed().as_secs());
        }
    }
    (came, comments)
}

#[tokio::test(start_paused = true)]
async fn openai_s_streams_have_a_comment_for_each_beat() {
    let (silent, _tasks) = inference(1, Paced(&[(0, Say::Started)]));
    assert_eq!(comments(silent, 2).await, (0, vec![20, 40]));
    let (beating, _tasks) = inference(1, Paced(&[(0, Say::Started), (15, Say::Heartbeat)]));
    assert_eq!(comments(beating, 2).await, (0, vec![15, 35]));
    let (late, _tasks) = inference(2, Paced(&[(0, Say::Started), (60, Say::Token)]));
    assert_eq!(comments(late, 3).await, (10, vec![10, 30, 50]));
}
