//! Plain HTTP routes inside the stack: refused in HTTP's own words, and never whole when they were cut short.

use std::{convert::Infallible, future, time::Duration};

use axum::{body::Body, response::Response, routing::get};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::StatusCode;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use testkit::Network;
use tokio::task::JoinSet;

use crate::harness::{Echo, address, routes, server};

/// A server with plain routes beside the echo service, and the tasks that it runs on.
async fn serve(arguments: &[&str]) -> (Network, JoinSet<()>) {
    let plain = axum::Router::new()
        .route("/whole", get(async || "whole"))
        .route("/dripping", get(async || dripping(None)))
        .route("/promised", get(async || dripping(Some(10))))
        .route("/events", get(async || telling(dripping(None))))
        .route("/failing", get(async || telling(failing())))
        .route("/waiting", get(future::pending::<&str>))
        .route("/fragile", get(fragile));
    let routes = routes(Echo::answering("x")).await.into_axum_router().merge(plain);
    let (network, mut tasks) = (Network::new(), JoinSet::new());
    let incoming = network.listen(address(1));
    let (server, _registry) = server(arguments);
    tasks.spawn(server.serve(incoming, routes.into(), future::pending(), Duration::ZERO));
    (network, tasks)
}

/// Begins and does not go on.
fn dripping(length: Option<u64>) -> Response {
    let first = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"drip"))]);
    let mut response = Response::new(Body::from_stream(first.chain(stream::pending())));
    let length = length.map(|length| (http::header::CONTENT_LENGTH, length.into()));
    response.headers_mut().extend(length);
    response
}

/// Begins and fails.
fn failing() -> Response {
    let status = tonic::Status::unavailable("gone for lunch");
    Response::new(Body::from_stream(stream::iter([Ok(Bytes::from_static(b"drip")), Err(status)])))
}

/// The same with something to say about its failure.
fn telling(mut response: Response) -> Response {
    let say = |document: &serde_json::Value| format!("; {}", document["error"]["code"]);
    response.extensions_mut().insert(rpc::LastWords::new(say));
    response
}

async fn fragile() -> &'static str {
    panic!("a secret of the handler")
}

/// The status of a `GET` and its body, or `None` if that broke off.
async fn send(network: &Network, path: &str) -> (StatusCode, Option<String>) {
    let io = TokioIo::new(network.connect(address(1)).unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let request = http::Request::get(path).header("host", "in-memory").body(Empty::<Bytes>::new()).unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.ok().map(http_body_util::Collected::to_bytes);
    (parts.status, body.map(|body| String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_cut_short_breaks_off() {
    let logs = testkit::capture_logs();
    let (network, _tasks) = serve(&["--max-deadline", "10s"]).await;
    for path in ["/dripping", "/promised"] {
        assert_eq!(send(&network, path).await, (StatusCode::OK, None), "{path}");
    }
    assert_eq!(logs.lines_with(&["call ended", "DEADLINE_EXCEEDED"]).len(), 2);
    assert_eq!(send(&network, "/whole").await, (StatusCode::OK, Some("whole".into())));
    assert_eq!(logs.lines_with(&["call ended", "whole", "\"status\":\"OK\""]).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_of_events_tells_its_failure_and_ends() {
    let logs = testkit::capture_logs();
    let (network, _tasks) = serve(&["--max-deadline", "10s"]).await;
    for (name, code) in [("events", "DEADLINE_EXCEEDED"), ("failing", "UNAVAILABLE")] {
        let path = format!("/{name}");
        let whole = Some(format!("drip; \"{code}\""));
        assert_eq!(send(&network, &path).await, (StatusCode::OK, whole), "{path}");
        assert_eq!(logs.lines_with(&["call ended", name, code]).len(), 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_stacks_refusals_are_https_own() {
    let (network, _tasks) = serve(&[]).await;
    for (path, status, reason) in [
        ("/waiting", StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED"),
        ("/fragile", StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        ("/nothing", StatusCode::NOT_FOUND, "NOT_FOUND"),
    ] {
        let (told, body) = send(&network, path).await;
        let body = body.unwrap();
        assert_eq!(told, status, "{path}");
        assert!(body.starts_with(r#"{"error":{"code":""#) && body.contains(reason), "{body}");
        assert!(!body.contains("secret"), "{body}");
    }
}
