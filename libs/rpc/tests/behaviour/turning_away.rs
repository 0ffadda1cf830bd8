//! Calls that there is no room for: told so, counted, and no more.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use http::HeaderMap;
use prometheus_client::registry::Registry;
use rpc::Refusal;
use testkit::CapturedLogs;
use tonic::{Code, Request, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt;

use crate::harness::{Cluster, Echo, SAY, say, series, server, settle, tell};

/// How many lines there are of a kind.
fn lines(logs: &CapturedLogs, pieces: &[&str]) -> usize {
    logs.lines_with(pieces).len()
}

fn refused(registry: &Registry) -> f64 {
    let labels = [r#"rpc_method="Say""#, "RESOURCE_EXHAUSTED"];
    series(registry, "rpc_server_call_duration_seconds_count", &labels)
}

#[tokio::test(start_paused = true)]
async fn of_those_a_full_server_refuses_each_is_counted_and_only_the_first_has_a_line() {
    let logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let (server, registry) = server(&["--max-concurrency", "1"]);
    cluster.start_with(1, server, Echo::holding("first"), Duration::ZERO).await;
    let client = cluster.stranger(1);
    let mut held = tell(client.clone(), String::new()).await.unwrap();
    held.next().await.unwrap().unwrap();
    for _ in 0..50 {
        let mut request = Request::new(String::new());
        request.metadata_mut().insert("x-request-id", "mine".parse().unwrap());
        let status = say(client.clone(), request).await.unwrap_err();
        let details = status.get_error_details();
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(details.error_info().unwrap().reason, "SERVER_OVERLOADED");
        assert_eq!(details.request_info().unwrap().request_id, "mine");
        assert_eq!(status.metadata().get("x-request-id").unwrap(), "mine");
    }
    settle().await;
    assert!((refused(&registry) - 50.0).abs() < f64::EPSILON);
    assert_eq!(lines(&logs, &["call ended"]), 0, "the one that runs has not ended");
    assert_eq!(lines(&logs, &["turned away", "RESOURCE_EXHAUSTED", "as many calls as it may"]), 1);
}

#[tokio::test(start_paused = true)]
async fn a_doorkeeper_sees_paths_and_headers_and_never_keeps_health_out() {
    let logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let (server, registry) = server(&[]);
    let refusal = Arc::new(Refusal::new(&Status::resource_exhausted("not you")));
    let server = server.kept_by(Arc::new(move |path: &str, headers: &HeaderMap| {
        let unwanted = headers.contains_key("x-unwanted") || path != SAY;
        unwanted.then(|| Arc::clone(&refusal))
    }));
    cluster.start_with(1, server, Echo::answering("come in"), Duration::ZERO).await;
    let client = cluster.stranger(1);
    assert_eq!(say(client.clone(), String::new()).await.unwrap().into_inner(), "come in");
    let mut request = Request::new(String::new());
    request.metadata_mut().insert("x-unwanted", "yes".parse().unwrap());
    let status = say(client.clone(), request).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::ResourceExhausted, "not you"));
    assert_eq!(tell(client.clone(), String::new()).await.unwrap_err().message(), "not you");
    HealthClient::new(client).check(HealthCheckRequest::default()).await.unwrap();
    settle().await;
    assert!((refused(&registry) - 1.0).abs() < f64::EPSILON);
    assert_eq!(lines(&logs, &["call ended", "\"status\":\"OK\"", "Say"]), 1);
}
