//! A Loki of one's own, for tests: it keeps what it is sent, and answers as it is told.

use std::time::Duration;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use loki_api::{
    logproto::{PushRequest, StreamAdapter},
    prost::Message,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet, time::timeout};

use crate::LokiDestination;

const PATIENCE: Duration = Duration::from_mins(1);

/// One request, as Loki would read it.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) tenant: Option<String>,
    pub(crate) streams: Vec<StreamAdapter>,
}

impl Pushed {
    /// All lines, each the JSON that it is.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let entries = self.streams.iter().flat_map(|stream| &stream.entries);
        entries.map(|entry| serde_json::from_str(&entry.line).unwrap()).collect()
    }
}

/// Listens on a free port until it is dropped.
pub(crate) struct StandIn {
    pub(crate) destination: LokiDestination,
    received: mpsc::UnboundedReceiver<Pushed>,
    _server: JoinSet<()>,
}

#[derive(Clone)]
struct Desk {
    received: mpsc::UnboundedSender<Pushed>,
    answer: fn(&Pushed) -> StatusCode,
}

impl StandIn {
    pub(crate) async fn answering(answer: fn(&Pushed) -> StatusCode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let destination = format!("http://{}/behind", listener.local_addr().unwrap()).parse().unwrap();
        let (sender, received) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/behind/loki/api/v1/push", post(take))
            .with_state(Desk { received: sender, answer });
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { destination, received, _server: server }
    }

    /// The next request. One that never comes is a test that fails, and not one that hangs.
    pub(crate) async fn next(&mut self) -> Pushed {
        timeout(PATIENCE, self.received.recv()).await.expect("nothing is pushed").unwrap()
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let message = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
    let PushRequest { streams } = PushRequest::decode(&message[..]).unwrap();
    let tenant = headers.get("x-scope-orgid").map(|tenant| tenant.to_str().unwrap().to_owned());
    let pushed = Pushed { tenant, streams };
    let answer = (desk.answer)(&pushed);
    // A test that has seen enough listens no more.
    drop(desk.received.send(pushed));
    answer
}
