//! The access log and the metrics see each call once, at its true end.

use std::time::Duration;

use futures::StreamExt;
use http::uri::PathAndQuery;
use prometheus_client::registry::Registry;
use rpc::{Upstream, UpstreamMetrics};
use testkit::CapturedLogs;
use tonic::{Code, Request, Status, client::Grpc};
use tonic_prost::ProstCodec;

use crate::harness::{Cluster, Echo, Script, exposed, once, say, series, server, settings, settle, tell};

fn access(logs: &CapturedLogs, pieces: &[&str]) -> usize {
    logs.lines_with(&[&["call ended"], pieces].concat()).len()
}

#[tokio::test(start_paused = true)]
async fn a_call_is_logged_when_its_stream_has_ended() {
    let logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let three = Echo::new(|mut request: Request<String>| async move {
        rpc::Principal::new("team-a").unwrap().attach(request.extensions_mut());
        Ok(once("one").chain(once("two")).chain(once("three")).boxed())
    });
    cluster.start(1, three).await;
    let mut stream = tell(cluster.stranger(1), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    // The handler ran, the client reads: nothing is said of the call while it goes on.
    let line = [r#""method":"test.v1.EchoService/Tell""#, r#""status":"OK""#, r#""messages":3"#, "req_id"];
    while stream.next().await.is_some() {}
    settle().await;
    assert_eq!(access(&logs, &line), 1);
    assert_eq!(access(&logs, &["duration_ms", r#""bytes":"#, r#""principal":"team-a""#]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_is_seen_as_cancelled() {
    let logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let (server, registry) = server(&[]);
    cluster.start_with(1, server, Echo::holding("first"), Duration::ZERO).await;
    let mut stream = tell(cluster.stranger(1), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    assert_eq!(access(&logs, &[]), 0);
    assert!((series(&registry, "rpc_server_calls_in_flight", &["Tell"]) - 1.0).abs() < f64::EPSILON);
    drop(stream);
    settle().await;
    assert_eq!(access(&logs, &[r#""status":"CANCELLED""#, r#""messages":1"#]), 1);
    assert!(series(&registry, "rpc_server_calls_in_flight", &["Tell"]).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn duration_is_measured_by_method_and_status_with_the_trace() {
    let _logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let (server, registry) = server(&[]);
    let slow = Echo::new(|_| async {
        tokio::time::sleep(Duration::from_millis(900)).await;
        Err(Status::not_found("gone"))
    });
    cluster.start_with(1, server, slow, Duration::ZERO).await;
    say(cluster.stranger(1), String::new()).await.unwrap_err();
    settle().await;
    let labels = [r#"rpc_service="test.v1.EchoService""#, r#"rpc_method="Say""#, "NOT_FOUND"];
    let bucket = |le| {
        let labels = [&labels[..], &[le]].concat();
        series(&registry, "rpc_server_call_duration_seconds_bucket", &labels)
    };
    assert!(bucket(r#"le="0.8""#).abs() < f64::EPSILON);
    assert!((bucket(r#"le="1.0""#) - 1.0).abs() < f64::EPSILON);
    assert!(exposed(&registry).contains("# {trace_id=\""), "an exemplar: {}", exposed(&registry));
}

#[tokio::test(start_paused = true)]
async fn a_trace_tells_of_either_side_how_a_call_ended() {
    // What a caller did wrong is no fault of the server's, but a failure to the caller.
    for (answer, status, server_error) in [
        (Status::not_found("gone"), "NOT_FOUND", None),
        (Status::unavailable("away"), "UNAVAILABLE", Some("UNAVAILABLE")),
    ] {
        let logs = testkit::capture_logs();
        let mut cluster = Cluster::default();
        cluster.start(1, Echo::refusing(&answer)).await;
        let mut registry = Registry::default();
        let metrics = UpstreamMetrics::register(&mut registry);
        let upstream =
            Upstream::connect_through(&settings(1), &metrics, Script::of(&[1]), cluster.connector());
        say(upstream, String::new()).await.unwrap_err();
        settle().await;
        let spans = logs.all().spans();
        let (client, server): (Vec<_>, Vec<_>) =
            spans.iter().partition(|span| span["attributes"]["upstream"].is_string());
        let ([client], [server]) = (&client[..], &server[..]) else { panic!("one of each: {spans:?}") };
        for (span, error) in [(server, server_error), (client, Some(status))] {
            assert_eq!(span["name"], "test.v1.EchoService/Say");
            assert_eq!(span["error"].as_str(), error, "{span}");
            let attributes = &span["attributes"];
            assert_eq!(attributes["rpc.method"], "test.v1.EchoService/Say");
            assert_eq!(attributes["rpc.response.status_code"], status);
            assert_eq!(attributes["error.type"].as_str(), error);
        }
        assert_eq!(access(&logs, &[r#""method":"test.v1.EchoService/Say""#]), 1, "and so does the line");
    }
}

#[tokio::test(start_paused = true)]
async fn callers_cannot_make_series() {
    let mut cluster = Cluster::default();
    let (server, registry) = server(&[]);
    cluster.start_with(1, server, Echo::answering("hello"), Duration::ZERO).await;
    for path in ["/test.v1.EchoService/Shout", "/evil.v1.Service/Method", "/other"] {
        let mut grpc = Grpc::new(cluster.stranger(1));
        grpc.ready().await.unwrap();
        let codec: ProstCodec<String, String> = ProstCodec::default();
        let request = Request::new(String::new());
        let status = grpc.unary(request, PathAndQuery::from_static(path), codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    }
    settle().await;
    let labels = [r#"rpc_service="other""#, r#"rpc_method="other""#, "UNIMPLEMENTED"];
    let count = series(&registry, "rpc_server_call_duration_seconds_count", &labels);
    assert!((count - 3.0).abs() < f64::EPSILON);
    assert!(!exposed(&registry).contains("evil") && !exposed(&registry).contains("Shout"));
}

#[tokio::test(start_paused = true)]
async fn a_client_counts_calls_retries_and_endpoints() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::refusing(&Status::unavailable("not now"))).await;
    cluster.start(2, Echo::refusing(&Status::unavailable("not now"))).await;
    let mut registry = Registry::default();
    let metrics = UpstreamMetrics::register(&mut registry);
    let resolver = Script::of(&[1, 2, 3]);
    let upstream = Upstream::connect_through(&settings(2), &metrics, resolver, cluster.connector());
    say(upstream.clone(), String::new()).await.unwrap_err();
    settle().await;
    for (name, labels, expected) in [
        ("rpc_client_call_duration_seconds_count", &[r#"upstream="echo""#, "UNAVAILABLE"][..], 1.0),
        ("rpc_client_retries_total", &[r#"upstream="echo""#], 1.0),
        ("rpc_client_endpoints", &[r#"state="known""#], 3.0),
        ("rpc_client_endpoints", &[r#"state="connected""#], 2.0),
    ] {
        assert!((series(&registry, name, labels) - expected).abs() < f64::EPSILON, "{name} {labels:?}");
    }
}
