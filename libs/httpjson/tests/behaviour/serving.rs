//! Calls of one answer, through the layer.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use fault::TooSlow;
use futures::stream;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, StreamBody};
use serde_json::json;
use transcoding::Limits;

use crate::{
    inner::{
        Body, Part, answer, answering, book, data, ended, frame, message, now, refused, request, send, serve,
    },
    shelf, shelf_with,
};
use httpjson::{BoxError, error_document};

const JSON: (&str, &str) = ("content-type", "application/json");
const GET_BOOK: &str = "/v1/shelves/a/books/b";

#[tokio::test]
async fn a_request_reaches_the_service_as_grpc_and_its_answer_is_json() {
    type Seen = (Method, String, Version, HeaderMap, Vec<u8>);
    let seen: Arc<Mutex<Option<Seen>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let service = serve(shelf(), move |request: Request<Body>| {
        let keep = Arc::clone(&keep);
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            *keep.lock().unwrap() =
                Some((parts.method, parts.uri.to_string(), parts.version, parts.headers, body));
            message(b"\x12\x01T")
        }
    });
    let headers = [
        JSON,
        ("authorization", "Bearer k"),
        ("traceparent", "00-1-2-01"),
        ("x-request-id", "r"),
        ("idempotency-key", "i"),
        ("grpc-timeout", "5S"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("connection", "keep-alive"),
        ("content-length", "14"),
        ("grpc-encoding", "gzip"),
    ];
    let target = "http://api.test/v1/shelves/a/books?requestId=q";
    let answer = send(service, request("POST", target, &headers, r#"{"title": "T"}"#)).await;

    let (method, uri, version, headers, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!((method, version), (Method::POST, Version::HTTP_2));
    assert_eq!(uri, "http://api.test/shelf.v1.Library/CreateBook");
    let mut names: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorization: Bearer k",
            "content-type: application/grpc",
            "grpc-timeout: 5S",
            "idempotency-key: i",
            "te: trailers",
            "traceparent: 00-1-2-01",
            "x-request-id: r",
        ]
    );
    assert_eq!(body, frame(b"\x0a\x09shelves/a\x12\x03\x12\x01T\x1a\x01q"));
    assert_eq!((answer.status, answer.json()["title"].as_str()), (StatusCode::OK, Some("T")));
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("content-length"), answer.text.len().to_string());
    assert_eq!((answer.header("x-request-id"), answer.header("grpc-status")), ("r-1", ""));
}

#[tokio::test]
async fn an_error_is_told_with_https_status_and_its_details() {
    // ErrorInfo, RetryInfo of 1.5 s, and something that nobody knows.
    let details = concat!(
        "CAgSBGZ1bGwaNwoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLkVycm9ySW5mbxILCgRGVUxMEgNveC4aNg",
        "oodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIARCAyrXuARoRCgx4LnRlc3QvYS5v",
        "ZGQSAWE",
    );
    let early: fn(&'static str) -> Response<Body> = |details| refused(8, "full%21", details);
    let late: fn(&'static str) -> Response<Body> = |details| answer(vec![ended(8, "full%21", details)]);
    for make in [early, late] {
        let service = answering(shelf(), move || make(details));
        let answer = send(service, request("GET", GET_BOOK, &[], "")).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!((answer.header("retry-after"), answer.header("x-request-id")), ("2", "r-1"));
        assert_eq!((answer.header("grpc-status"), answer.header("cache-control")), ("", "no-store"));
        let details = json!([
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "FULL", "domain": "ox.", "metadata": {}},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.500s"},
            {"@type": "x.test/a.odd", "value": "YQ=="},
        ]);
        assert_eq!(answer.json(), error_document("RESOURCE_EXHAUSTED", "full!", details.as_array().unwrap()));
    }
    let service = answering(shelf(), || refused(16, "", ""));
    let answer = send(service, request("GET", GET_BOOK, &[], "")).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(answer.json()["error"]["message"], "UNAUTHENTICATED");
}

#[tokio::test]
async fn nobodys_body_is_read_before_the_service_asks_for_it() {
    let read = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&read);
    let body = StreamBody::new(futures::stream::poll_fn(move |_| {
        seen.store(true, Ordering::Relaxed);
        Poll::Ready(None::<Part>)
    }));
    let mut request = request("POST", "/v1/mirror?unknown=1", &[("content-type", "text/plain")], "x");
    *request.body_mut() = body.boxed_unsync();
    let service = serve(shelf(), |_| now(refused(16, "no key", "")));
    let answer = send(service, request).await;
    assert_eq!(answer.refusal().0, 401, "the key comes before what else is wrong");
    assert!(!read.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_wrong_request_is_answered_by_field_and_counted_by_the_service() {
    let service = answering(shelf(), book());
    let answer =
        send(service.clone(), request("POST", "/v1/mirror", &[JSON], r#"{"int32": "x", "b": 1}"#)).await;
    assert_eq!(answer.refusal(), (400, "INVALID_ARGUMENT".into(), "INVALID_ARGUMENT".into()));
    assert_eq!(answer.header("x-request-id"), "r-1", "it went through");
    let fields = &answer.json()["error"]["details"][1]["fieldViolations"];
    assert_eq!((&fields[0]["field"], &fields[1]["field"]), (&json!("b"), &json!("int32")));
    let answer = send(service.clone(), request("POST", "/v1/mirror", &[JSON], "{")).await;
    assert_eq!(answer.refusal(), (400, "INVALID_ARGUMENT".into(), "MALFORMED_JSON".into()));
    let answer = send(service, request("GET", "/v1/books?page=1", &[], "")).await;
    assert_eq!(answer.json()["error"]["details"][1]["fieldViolations"][0]["field"], "page");
}

#[tokio::test]
async fn types_and_sizes_have_their_own_statuses() {
    let limits = Limits { body_bytes: 10, uri_bytes: 40, ..Limits::default() };
    let service = answering(shelf_with(limits), || message(b""));
    let long = format!("/v1/books?parent={}", "a".repeat(30));
    for (request, status, reason) in [
        (
            request("POST", "/v1/mirror", &[("content-type", "text/plain")], "{}"),
            415,
            "UNSUPPORTED_CONTENT_TYPE",
        ),
        (request("POST", "/v1/mirror", &[], "{}"), 415, "UNSUPPORTED_CONTENT_TYPE"),
        (
            request("POST", "/v1/mirror", &[JSON, ("content-encoding", "gzip")], "{}"),
            415,
            "UNSUPPORTED_CONTENT_TYPE",
        ),
        (request("POST", "/v1/mirror", &[JSON], r#"{"int32": 1}"#), 413, "BODY_TOO_LARGE"),
        (request("GET", &long, &[], ""), 414, "URI_TOO_LONG"),
    ] {
        let answer = send(service.clone(), request).await;
        assert_eq!(answer.refusal(), (status, "INVALID_ARGUMENT".into(), reason.into()));
    }
    for headers in
        [&[JSON][..], &[JSON, ("content-encoding", "identity")], &[("content-type", "application/x+json")]]
    {
        assert_eq!(send(service.clone(), request("POST", "/v1/mirror", headers, "{}")).await.status, 200);
    }
    assert_eq!(
        send(service, request("POST", "/v1/mirror", &[], "")).await.status,
        200,
        "nothing has no type"
    );
}

#[tokio::test]
async fn a_body_that_ends_early_is_told_apart_from_one_that_is_no_json() {
    let service = answering(shelf(), book());
    let cut = |why: BoxError| {
        let mut request = request("POST", "/v1/mirror", &[JSON], "");
        *request.body_mut() = StreamBody::new(stream::iter([data("{"), Err(why)])).boxed_unsync();
        request
    };
    let slow = send(service.clone(), cut(Box::new(TooSlow))).await;
    assert_eq!(slow.refusal(), (408, "CANCELLED".into(), "BODY_TOO_SLOW".into()));
    let broken = send(service, cut("reset".into())).await;
    assert_eq!(broken.refusal(), (400, "INVALID_ARGUMENT".into(), "BODY_BROKEN_OFF".into()));
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let service = answering(shelf(), book());
    let answer = send(service.clone(), request("PUT", "/v1/shelves/a/books", &[], "")).await;
    assert_eq!(answer.refusal(), (405, "INVALID_ARGUMENT".into(), "METHOD_NOT_ALLOWED".into()));
    assert_eq!(answer.header("allow"), "GET, POST, HEAD, OPTIONS");
    let answer = send(service.clone(), request("OPTIONS", "/v1/mirror", &[], "")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow"), answer.text.as_str()),
        (204, "POST, GET, HEAD, OPTIONS", "")
    );
    let whole = send(service.clone(), request("GET", GET_BOOK, &[], "")).await;
    let head = send(service.clone(), request("HEAD", GET_BOOK, &[], "")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), whole.text.len().to_string());
    let head = send(service, request("HEAD", "/shelf.v1.Library/GetBook", &[JSON], "")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (405, ""));
}

#[tokio::test]
async fn what_is_none_of_ours_passes_untouched() {
    let service = serve(shelf(), |request: Request<Body>| {
        let mut response = Response::new(request.into_body());
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        now(response)
    });
    for (method, target, kind) in [
        ("GET", "/v2/books", "application/json"),
        ("POST", "/shelf.v1.Library/GetBook", "application/grpc"),
        ("POST", "/shelf.v1.Library/GetBook", "application/grpc-web+proto"),
        ("POST", "/shelf.v1.Library/GetBook", "text/plain"),
        ("POST", "/v1/mirror", "application/grpc"),
    ] {
        let answer = send(service.clone(), request(method, target, &[("content-type", kind)], "body")).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (418, "body"), "{method} {target} {kind}");
    }
    // An answer that is none of gRPC passes too.
    assert_eq!(send(service, request("GET", GET_BOOK, &[], "")).await.status, 418);
}

#[tokio::test]
async fn an_answer_that_is_no_answer_is_a_fault_of_ours_and_says_no_more() {
    let compressed = [&[1], &frame(b"\x12\x01T")[1..]].concat();
    let broken = || -> Part { Err("a secret".into()) };
    let cases: Vec<Vec<Part>> = vec![
        vec![],
        vec![ended(0, "", "")],
        vec![data(frame(b"\x12\x01T"))],
        vec![data(frame(b"\x12\x01T")), Ok(http_body::Frame::trailers(HeaderMap::new()))],
        vec![data(frame(b"")), data(frame(b"")), ended(0, "", "")],
        vec![data(compressed), ended(0, "", "")],
        vec![data(frame(b"\x12\x01T")[..7].to_vec()), ended(0, "", "")],
        vec![data(frame(b"\xff")), ended(0, "", "")],
        vec![data(frame(&[0; 101])), ended(0, "", "")],
        vec![data(frame(b"\x12\x01T")[..7].to_vec()), broken()],
    ];
    for (index, parts) in cases.into_iter().enumerate() {
        let parts = Arc::new(Mutex::new(Some(parts)));
        let limits = Limits { answer_bytes: 100, ..Limits::default() };
        let service =
            answering(shelf_with(limits), move || answer(parts.lock().unwrap().take().unwrap_or_default()));
        let answer = send(service, request("GET", GET_BOOK, &[], "")).await;
        assert_eq!(answer.refusal(), (500, "INTERNAL".into(), "INTERNAL".into()), "{index}");
        assert_eq!(answer.json()["error"]["message"], "the call cannot be answered as JSON");
    }
}
