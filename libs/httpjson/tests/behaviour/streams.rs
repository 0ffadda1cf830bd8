//! Calls of many answers, through the layer.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, stream};
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::Instant;
use tower::{Service, ServiceExt};

use crate::{
    inner::{Body, Part, answer, answering, data, ended, frame, hanging, refused, request, send, streamed},
    shelf,
};

const WATCH: &str = "/v1/books:watch?after=3";
const EVENTS: (&str, &str) = ("accept", "text/event-stream");

/// Two books, cut where nobody would cut them.
fn books() -> Vec<Part> {
    let both = [frame(b"\x12\x01A"), frame(b"\x12\x01B")].concat();
    vec![data(both[..3].to_vec()), data(both[3..9].to_vec()), data(both[9..].to_vec())]
}

fn with(end: Part) -> Response<Body> {
    answer(books().into_iter().chain([end]).collect())
}

fn titles(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["title"].as_str()).collect()
}

#[tokio::test]
async fn a_stream_is_a_document_on_each_line() {
    let service = answering(shelf(), || with(ended(0, "", "")));
    for accept in ["*/*", "application/x-ndjson", "application/json"] {
        let answer = send(service.clone(), request("GET", WATCH, &[("accept", accept)], "")).await;
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        assert_eq!((answer.header("x-accel-buffering"), answer.header("cache-control")), ("no", "no-store"));
        let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((titles(&lines), lines.len()), (vec!["A", "B"], 2));
        assert!(answer.text.ends_with('\n'));
    }
}

#[tokio::test]
async fn or_an_event_each_with_one_that_says_that_it_is_over() {
    let service = answering(shelf(), || with(ended(0, "", "")));
    let answer = send(service, request("GET", WATCH, &[EVENTS], "")).await;
    assert_eq!((answer.header("content-type"), answer.header("x-request-id")), ("text/event-stream", "r-1"));
    let events: Vec<_> = answer.text.split_terminator("\n\n").collect();
    let told = |event: &str| serde_json::from_str::<Value>(event.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        (told(events[0])["title"].as_str(), told(events[1])["title"].as_str()),
        (Some("A"), Some("B"))
    );
    assert_eq!(events[2..], ["event: end\ndata: {}"]);
}

#[tokio::test]
async fn an_error_in_the_middle_is_the_last_that_is_told() {
    let broken = || -> Part { Err("a secret".into()) };
    let cut = || data(b"\0\0\0\0\x09x".to_vec());
    for (make, status) in [
        (
            Box::new(|| with(ended(14, "draining", ""))) as Box<dyn Fn() -> Response<Body> + Send + Sync>,
            "UNAVAILABLE",
        ),
        (Box::new(move || with(broken())), "INTERNAL"),
        (Box::new(|| answer(books())), "INTERNAL"),
        (Box::new(|| with(data(b"\x01\0\0\0\0".to_vec()))), "INTERNAL"),
        (Box::new(|| with(data(frame(b"\xff")))), "INTERNAL"),
        (
            Box::new(move || answer(books().into_iter().chain([cut(), ended(0, "", "")]).collect())),
            "INTERNAL",
        ),
    ] {
        let make = Arc::new(make);
        let service = answering(shelf(), move || make());
        let lines = send(service.clone(), request("GET", WATCH, &[], "")).await;
        let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(titles(&lines), ["A", "B"]);
        let error = &lines[2]["error"];
        assert_eq!(error["code"], json!(status));
        let events = send(service, request("GET", WATCH, &[EVENTS], "")).await;
        let last = events.text.split_terminator("\n\n").last().unwrap();
        let told: Value = serde_json::from_str(last.strip_prefix("event: error\ndata: ").unwrap()).unwrap();
        assert_eq!(told["error"], *error);
        assert!(!events.text.contains("event: end") && !events.text.contains("secret"));
    }
}

#[tokio::test]
async fn what_is_refused_before_it_began_has_https_status() {
    let service = answering(shelf(), || refused(5, "no such book", ""));
    let answer = send(service.clone(), request("GET", WATCH, &[EVENTS], "")).await;
    assert_eq!((answer.refusal().0, answer.header("content-type")), (404, "application/json"));
    let answer = send(service, request("GET", "/v1/books:watch?after=x", &[EVENTS], "")).await;
    assert_eq!(answer.json()["error"]["details"][1]["fieldViolations"][0]["field"], "after");
    let service = answering(shelf(), || refused(0, "", ""));
    assert_eq!(send(service, request("GET", WATCH, &[], "")).await.text, "", "over before it began");
}

/// The answer's body and, each time, what comes of it and after how many seconds.
async fn listen(
    service: impl Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    headers: &[(&str, &str)],
    count: usize,
) -> Vec<(u64, String)> {
    let start = Instant::now();
    let mut body = service.oneshot(request("GET", WATCH, headers, "")).await.unwrap().into_body();
    let mut heard = Vec::new();
    while heard.len() < count {
        let text = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        heard.push((start.elapsed().as_secs(), text.split_inclusive('\n').next().unwrap().trim().to_owned()));
    }
    heard
}

#[tokio::test(start_paused = true)]
async fn each_message_is_told_at_once_and_silence_has_heartbeats() {
    let service = answering(shelf(), || {
        let waits = stream::iter([10, 40]).then(|seconds| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            data(frame(b""))
        });
        streamed(waits.chain(stream::pending()))
    });
    let heard = listen(service, &[EVENTS], 6).await;
    let beats: Vec<_> = heard.iter().map(|(second, text)| (*second, text == ": heartbeat")).collect();
    assert_eq!(beats, [(10, false), (25, true), (40, true), (50, false), (65, true), (80, true)]);
}

#[tokio::test(start_paused = true)]
async fn lines_say_nothing_while_there_is_nothing() {
    let service = answering(shelf(), || hanging(books()));
    assert_eq!(listen(service.clone(), &[], 2).await.len(), 2);
    let silent = tokio::time::timeout(Duration::from_mins(10), listen(service, &[], 3)).await;
    assert!(silent.is_err());
}

/// Sets a flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The next part of a stream that holds a guard.
async fn next<S: Stream<Item = Part> + Unpin>(
    (mut parts, guard): (S, Dropped),
) -> Option<(Part, (S, Dropped))> {
    let part = parts.next().await?;
    Some((part, (parts, guard)))
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_call() {
    for method in ["GET", "HEAD"] {
        let gone = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&gone);
        let service = answering(shelf(), move || {
            let guard = Dropped(Arc::clone(&flag));
            let parts = stream::iter(books()).chain(stream::pending());
            streamed(stream::unfold((parts, guard), next))
        });
        let mut body = service.oneshot(request(method, WATCH, &[EVENTS], "")).await.unwrap().into_body();
        if method == "GET" {
            body.frame().await.unwrap().unwrap();
            assert!(!gone.load(Ordering::Relaxed));
            assert!(body.frame().await.is_some());
            assert!(body.frame().now_or_never().is_none(), "it goes on");
            drop(body);
        }
        assert!(gone.load(Ordering::Relaxed), "{method}");
    }
}
