//! Clients whose body is refused while they still send it read why, and cannot go on for ever.

use std::{future, time::Duration};

use axum::routing::post;
use http::StatusCode;
use testkit::Network;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep},
};
use tonic::service::Routes;

use crate::harness::{Echo, address, routes, server};

/// Refuses whatever comes without a look at its body.
async fn refusing() -> Routes {
    let plain = axum::Router::new().route("/refused", post(async || StatusCode::PAYLOAD_TOO_LARGE));
    routes(Echo::answering("x")).await.into_axum_router().merge(plain).into()
}

fn head(length: usize) -> String {
    format!("POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n")
}

#[tokio::test]
async fn an_answer_is_read_by_whoever_sends_all_of_the_body_first() {
    let incoming = rpc::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    let routes = refusing().await;
    tasks.spawn(server(&[]).0.serve(incoming, routes, future::pending(), Duration::ZERO));
    let mut client = TcpStream::connect(address).await.unwrap();
    let body = vec![0; 16 * 1024 * 1024];
    client.write_all(head(body.len()).as_bytes()).await.unwrap();
    client.write_all(&body).await.expect("nobody cut the connection");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("the answer is still there");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// A client that was told why, and whose body is awaited no more; what it lives in beside.
async fn told() -> (DuplexStream, Network, JoinSet<()>) {
    let mut tasks = JoinSet::new();
    let network = Network::new();
    let incoming = network.listen(address(1));
    let routes = refusing().await;
    tasks.spawn(server(&[]).0.serve(incoming, routes, future::pending(), Duration::ZERO));
    let mut client = network.connect(address(1)).unwrap();
    client.write_all(head(usize::MAX / 2).as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    (client, network, tasks)
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_sending_is_cut_off_after_a_while() {
    let (mut client, _network, _tasks) = told().await;
    let began = Instant::now();
    while client.write_all(b"x").await.is_ok() {
        sleep(Duration::from_millis(100)).await;
    }
    let took = began.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(6)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_sends_very_much_is_cut_off_at_once() {
    let (mut client, _network, _tasks) = told().await;
    let (mut sent, piece) = (0, vec![0; 64 * 1024]);
    while client.write_all(&piece).await.is_ok() {
        sent += piece.len();
        assert!(sent < 40 * 1024 * 1024, "no end");
    }
    assert!(sent > 16 * 1024 * 1024, "{sent}");
}
