//! Connections over HTTP/1: how long they are kept, and how they end without a request that is lost.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header::CONNECTION};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::harness::{Cluster, Echo, address, say, server, settle};

const GRACE: Duration = Duration::from_secs(30);

/// A client with one connection.
struct Client {
    sender: SendRequest<Empty<Bytes>>,
    _connection: JoinSet<()>,
}

impl Client {
    async fn over(io: DuplexStream) -> Self {
        let (sender, connection) = handshake(TokioIo::new(io)).await.unwrap();
        let mut connections = JoinSet::new();
        connections.spawn(async move { drop(connection.await) });
        Self { sender, _connection: connections }
    }

    async fn of(cluster: &Cluster) -> Self {
        Self::over(cluster.network.connect(address(1)).unwrap()).await
    }

    /// Asks for something, and tells whether the answer said that it was the last one of the connection.
    async fn ask(&mut self) -> hyper::Result<bool> {
        self.sender.ready().await?;
        let request = Request::get("/nothing").header("host", "x").body(Empty::new()).unwrap();
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        body.collect().await?;
        Ok(head.headers.get(CONNECTION).is_some_and(|value| value == "close"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_leaving_says_so_in_its_answers_and_lets_calls_over_http_2_be() {
    let mut cluster = Cluster::default();
    let leaving = CancellationToken::new();
    let server = server(&[]).0.warned_by(leaving.clone());
    cluster.start_with(1, server, Echo::answering("fine"), GRACE).await;
    let (mut old, http2) = (Client::of(&cluster).await, cluster.stranger(1));
    assert!(!old.ask().await.unwrap());
    say(http2.clone(), String::new()).await.unwrap();
    leaving.cancel();
    assert!(old.ask().await.unwrap());
    assert!(Client::of(&cluster).await.ask().await.unwrap(), "new ones are let in, and told too");
    say(http2, String::new()).await.unwrap();
    assert_eq!(cluster.network.connections(address(1)), 3, "HTTP/2 stays on its connection");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_crosses_the_drain_is_answered() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, Echo::answering("fine"), GRACE).await;
    let (mut used, mut fresh) = (Client::of(&cluster).await, Client::of(&cluster).await);
    assert!(!used.ask().await.unwrap());
    stop.cancel();
    settle().await;
    assert!(used.ask().await.unwrap());
    assert!(fresh.ask().await.unwrap());
    let drained = Instant::now();
    cluster.stopped().await;
    assert!(drained.elapsed() < Duration::from_secs(2), "{:?}", drained.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_has_connected_when_the_door_closes_is_let_in() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, Echo::answering("fine"), GRACE).await;
    // The server has not run yet: it finds the client and its own end together.
    let io = cluster.network.connect(address(1)).unwrap();
    stop.cancel();
    assert!(Client::over(io).await.ask().await.unwrap());
    assert!(cluster.network.connect(address(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_ends_with_its_next_answer() {
    let mut cluster = Cluster::default();
    let (server, _) = server(&["--max-connection-age", "60s"]);
    cluster.start_with(1, server, Echo::answering("fine"), GRACE).await;
    let mut client = Client::of(&cluster).await;
    assert!(!client.ask().await.unwrap());
    sleep(Duration::from_secs(67)).await;
    assert!(client.ask().await.unwrap(), "it was closed between two requests");
}

#[tokio::test(start_paused = true)]
async fn a_connection_rests_for_longer_than_load_balancers_let_theirs() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("fine")).await;
    let mut client = Client::of(&cluster).await;
    for rest in [0, 60, 74] {
        sleep(Duration::from_secs(rest)).await;
        assert!(!client.ask().await.unwrap(), "after {rest} s");
    }
    sleep(Duration::from_secs(76)).await;
    assert!(client.ask().await.is_err(), "it rests for ever");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_end_is_cut_off_soon_on_a_connection_that_rested_too() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("fine")).await;
    for requests in [0, 1] {
        let mut io = cluster.network.connect(address(1)).unwrap();
        for _ in 0..requests {
            io.write_all(b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            assert!(io.read(&mut [0; 1]).await.unwrap() > 0);
            sleep(Duration::from_secs(30)).await;
        }
        let took = dripping(io).await.as_secs();
        assert!((10..=11).contains(&took), "cut off after {took} s and {requests} requests");
    }
}

/// Sends a head that never ends, and tells how long the server bears with it.
async fn dripping(io: DuplexStream) -> Duration {
    let (began, mut rest) = (Instant::now(), Vec::new());
    let (mut reader, mut writer) = tokio::io::split(io);
    writer.write_all(b"GET /nothing?that=one-asks-for-slowly").await.unwrap();
    let dripping = async {
        loop {
            sleep(Duration::from_secs(4)).await;
            // The server may be gone.
            let _gone = writer.write_all(b"y").await;
        }
    };
    tokio::select! {
        outcome = reader.read_to_end(&mut rest) => drop(outcome),
        () = dripping => {}
    }
    began.elapsed()
}
