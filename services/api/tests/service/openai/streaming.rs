//! Streams: how they come, how they break off, and that nobody works for a caller who has gone.

use std::{collections::HashMap, time::Duration};

use http::StatusCode;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{CHAT, COMPLETIONS, asks, post, refusal};
use crate::{
    scripted::Script,
    stand::{SECRET, Stand},
};

/// The documents of the events.
fn events(text: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn broken() -> Status {
    let details = ErrorDetails::with_error_info("MODEL_STEP_FAILED", rpc::ERROR_DOMAIN, HashMap::new());
    Status::with_error_details(Code::Internal, "a step failed", details)
}

#[tokio::test]
async fn each_endpoint_streams_in_its_own_form() {
    let stand = Stand::start(Script::Greet).await;
    for (path, ask) in asks(&json!({"stream": true, "stream_options": {"include_usage": true}})) {
        let answer = post(&stand, path, &ask).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        assert_eq!(answer.header("content-type"), "text/event-stream; charset=utf-8");
        assert_eq!(answer.header("x-accel-buffering"), "no");
        let events = events(answer.text());
        let text: String = events
            .iter()
            .map(|event| match path {
                CHAT => &event["choices"][0]["delta"]["content"],
                COMPLETIONS => &event["choices"][0]["text"],
                _ => &event["delta"],
            })
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(text, "Hello", "{}", answer.text());
        let last = events.last().unwrap();
        let usage =
            if path == CHAT || path == COMPLETIONS { &last["usage"] } else { &last["response"]["usage"] };
        assert_eq!(usage["total_tokens"], 5, "{last}");
        assert_eq!(answer.text().ends_with("data: [DONE]\n\n"), path == CHAT || path == COMPLETIONS);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_tells_why_and_ends() {
    let logs = testkit::capture_logs();
    let stand = Stand::start(Script::BreakOff(broken())).await;
    for (path, ask) in asks(&json!({"stream": true})) {
        let answer = post(&stand, path, &ask).await;
        assert_eq!(answer.status, StatusCode::OK);
        let events = events(answer.text());
        let error = events.iter().find(|event| event["error"].is_object()).unwrap();
        assert_eq!(error["error"]["code"], "model_step_failed", "{error}");
        assert_eq!(error["error"]["type"], "server_error");
        assert!(!answer.text().contains("[DONE]"), "that would be a good end");
        assert_eq!(logs.lines_with(&["call ended", path, "INTERNAL"]).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_stream_that_is_refused_has_a_status_of_its_own() {
    let full = Status::with_error_details(Code::ResourceExhausted, "the queue is full", {
        let mut details = ErrorDetails::with_error_info("QUEUE_FULL", rpc::ERROR_DOMAIN, HashMap::new());
        details.set_retry_info(Some(Duration::from_secs(3)));
        details
    });
    let stand = Stand::start(Script::Refuse(full)).await;
    for (path, ask) in asks(&json!({"stream": true})) {
        let answer = post(&stand, path, &ask).await;
        let (status, class, _, code) = refusal(&answer);
        assert_eq!((status, class.as_str(), code.as_str()), (429, "rate_limit_error", "queue_full"));
        assert_eq!(answer.header("retry-after"), "3");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_stream_with_an_error() {
    let stand = Stand::with(Script::Hold, &["--max-deadline", "1s"]).await;
    let [(path, ask), ..] = asks(&json!({"stream": true}));
    let answer = post(&stand, path, &ask).await;
    let last = events(answer.text()).pop().unwrap();
    assert_eq!(last["error"]["code"], "deadline_exceeded", "{last}");
}

#[tokio::test]
async fn nobody_works_for_a_caller_who_has_gone() {
    let stand = Stand::start(Script::Hold).await;
    let [(path, ask), ..] = asks(&json!({"stream": true}));
    let io = TokioIo::new(TcpStream::connect(stand.address).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let request = http::Request::post(path)
        .header("host", "api")
        .header("authorization", format!("Bearer {SECRET}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(ask.to_string())))
        .unwrap();
    let mut body = sender.send_request(request).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    drop((body, sender));
    connections.shutdown().await;
    tokio::time::timeout(Duration::from_secs(30), stand.upstream.abandoned()).await.unwrap();
}
