//! What the door speaks besides gRPC: JSON for every rpc, gRPC-Web, and browsers' questions, all on the one port.

use http::StatusCode;
use prost::Message;
use proto::inference::v1::{GenerateTextResponse, StreamGenerateTextResponse};
use serde_json::Value;

use crate::{
    house::House,
    plain::{self, Answer},
    scripted::Script,
    stand::{SECRET, Stand, ask},
};

const GENERATE: &str = "/api/v1/models/stub:generateText";
const STREAM: &str = "/api/v1/models/stub:streamGenerateText";
const JSON: (&str, &str) = ("content-type", "application/json");
const WEB: (&str, &str) = ("content-type", "application/grpc-web+proto");

async fn post(
    stand: &Stand,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<hyper::body::Bytes>,
) -> Answer {
    let key = format!("Bearer {SECRET}");
    let headers = [&[("authorization", key.as_str())], headers].concat();
    plain::send(stand.address, "POST", path, &headers, body).await
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(answer.text()).unwrap()
}

/// A message as gRPC frames it.
fn framed(message: &impl Message) -> Vec<u8> {
    let bytes = message.encode_to_vec();
    [&[0][..], &(bytes.len() as u32).to_be_bytes(), &bytes].concat()
}

/// The frames of an answer: a flag and what stands in each.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [flag, a, b, c, d, rest @ ..] = bytes {
        let (frame, after) = rest.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        frames.push((*flag, frame.to_vec()));
        bytes = after;
    }
    frames
}

#[tokio::test]
async fn a_call_in_json_is_answered_in_json_by_path_and_by_name() {
    let stand = Stand::start(Script::Greet).await;
    let answer = post(&stand, GENERATE, &[JSON], r#"{"prompt": "Once", "maxTokens": 3}"#).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(!json(&answer)["text"].as_str().unwrap().is_empty());
    let name = "/ondol.inference.v1.InferenceService/GenerateText";
    let same = post(&stand, name, &[JSON], r#"{"model": "stub", "prompt": "Once"}"#).await;
    assert_eq!(json(&same)["text"], json(&answer)["text"]);
}

#[tokio::test]
async fn a_stream_is_events_for_whoever_accepts_them_and_lines_for_others() {
    let stand = Stand::start(Script::Greet).await;
    let body = r#"{"prompt": "Once"}"#;
    let events = post(&stand, STREAM, &[JSON, ("accept", "text/event-stream")], body).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(events.text().starts_with("data: {\"started\""), "{}", events.text());
    assert!(events.text().ends_with("event: end\ndata: {}\n\n"), "{}", events.text());
    let lines = post(&stand, STREAM, &[JSON], body).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let last: Value = serde_json::from_str(lines.text().lines().last().unwrap()).unwrap();
    assert!(last["finished"].is_object(), "{last}");
}

#[tokio::test]
async fn json_passes_the_same_guards_as_grpc() {
    let stand = Stand::start(Script::Greet).await;
    let nobody = plain::send(stand.address, "POST", GENERATE, &[JSON], "{}").await;
    assert_eq!(nobody.refusal(), (401, "UNAUTHENTICATED".to_owned()));
    assert_eq!(json(&nobody)["error"]["type"], "authentication_error");
    let wrong = post(&stand, GENERATE, &[JSON], r#"{"prompt": "a", "sampling": {"temperature": 9}}"#).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert_eq!(json(&wrong)["error"]["param"], "sampling.temperature");
    let unknown = post(&stand, GENERATE, &[JSON], r#"{"promt": "a"}"#).await;
    assert_eq!(json(&unknown)["error"]["param"], "promt");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(post(&stand, GENERATE, &form, "a=b").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let huge = format!("{{\"prompt\": \"{}\"}}", "x".repeat(5 << 20));
    assert_eq!(post(&stand, GENERATE, &[JSON], huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let patch = plain::send(stand.address, "PATCH", GENERATE, &[], "").await;
    assert_eq!(patch.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()));
    assert!(patch.header("allow").contains("POST"), "{patch:?}");
    assert_eq!(stand.upstream.asked().len(), 0, "nothing of this went on");
}

#[tokio::test]
async fn grpc_web_is_served_over_http_1() {
    let stand = Stand::start(Script::Greet).await;
    let path = "/ondol.inference.v1.InferenceService/GenerateText";
    let answer = post(&stand, path, &[WEB], framed(&ask())).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, "application/grpc-web+proto")
    );
    let frames_of = frames(&answer.body);
    let [(0, message), (0x80, trailers)] = &frames_of[..] else { panic!("{frames_of:?}") };
    assert!(!GenerateTextResponse::decode(&message[..]).unwrap().text.is_empty());
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status:0"), "{trailers:?}");
    let path = "/ondol.inference.v1.InferenceService/StreamGenerateText";
    let stream = frames(&post(&stand, path, &[WEB], framed(&ask())).await.body);
    assert!(stream.len() > 3, "{stream:?}");
    StreamGenerateTextResponse::decode(&stream[0].1[..]).unwrap();
    assert_eq!(stream.last().unwrap().0, 0x80);
}

#[tokio::test]
async fn grpc_web_without_a_key_is_told_so_in_its_own_way() {
    let stand = Stand::start(Script::Greet).await;
    let path = "/ondol.inference.v1.InferenceService/GenerateText";
    let answer = plain::send(stand.address, "POST", path, &[WEB], framed(&ask())).await;
    assert_eq!((answer.status, answer.header("grpc-status")), (StatusCode::OK, "16"));
}

#[tokio::test]
async fn the_document_tells_what_is_served_and_needs_no_key() {
    let stand = Stand::start(Script::Greet).await;
    let answer = plain::send(stand.address, "GET", "/openapi.json", &[], "").await;
    let document = json(&answer);
    assert_eq!((answer.status, document["openapi"].as_str()), (StatusCode::OK, Some("3.1.0")));
    assert!(document["paths"]["/api/v1/models/{model}:generateText"]["post"].is_object());
    assert!(!answer.text().contains("WebhookService"), "that is for our own services");
    let put = plain::send(stand.address, "PUT", "/openapi.json", &[], "").await;
    assert_eq!(put.refusal(), (405, "METHOD_NOT_ALLOWED".to_owned()));
}

#[tokio::test]
async fn pages_of_named_origins_may_call_and_others_may_not() {
    let house = House::with(&["--cors-origin", "https://app.example.com"]).await;
    let question = |origin: &'static str| {
        [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,content-type"),
        ]
    };
    let asked = plain::send(house.address, "OPTIONS", STREAM, &question("https://app.example.com"), "").await;
    assert_eq!(asked.status, StatusCode::OK);
    assert_eq!(asked.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(asked.header("access-control-allow-headers"), "authorization,content-type");
    let called = house.get("/generated/x/y", &[("origin", "https://app.example.com")]).await;
    assert_eq!(called.header("access-control-allow-origin"), "https://app.example.com");
    let shown = called.header("access-control-expose-headers");
    let wanted =
        ["x-request-id", "x-ratelimit-remaining-tokens", "grpc-status-details-bin", "content-disposition"];
    assert!(wanted.iter().all(|header| shown.split(',').any(|it| it == *header)), "{shown}");
    let other = plain::send(house.address, "OPTIONS", STREAM, &question("https://evil.example"), "").await;
    assert!(other.headers.get("access-control-allow-origin").is_none(), "{other:?}");
    let closed = House::new().await;
    let asked =
        plain::send(closed.address, "OPTIONS", STREAM, &question("https://app.example.com"), "").await;
    assert!(asked.headers.get("access-control-allow-origin").is_none(), "{asked:?}");
}
