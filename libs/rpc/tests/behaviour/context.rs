//! Ids, principals and traces: what comes in, what handlers see, what goes on.

use std::time::Duration;

use rpc::{CallContext, Principal, RequestId, Trust, onward};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::harness::{Cluster, Echo, once, say, server};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A request with metadata.
fn with(metadata: &[(&'static str, &str)]) -> Request<String> {
    let mut request = Request::new("hi".to_owned());
    for (key, value) in metadata {
        request.metadata_mut().insert(*key, value.parse().unwrap());
    }
    request
}

/// Answers what a handler learns of its call.
fn introspecting() -> Echo {
    Echo::new(|request: Request<String>| async move {
        let context = CallContext::of(request.extensions());
        let id = context.request_id.unwrap();
        let principal = context.principal.map_or("nobody".to_owned(), |principal| principal.to_string());
        let trace = telemetry::trace::current_id().map_or("none".to_owned(), |trace| trace.to_string());
        Ok(once(format!("{} {principal} {trace}", id.as_str())))
    })
}

#[tokio::test(start_paused = true)]
async fn a_valid_id_is_kept_and_a_bad_one_replaced() {
    let mut cluster = Cluster::default();
    cluster.start(1, introspecting()).await;
    let answer = say(cluster.stranger(1), with(&[("x-request-id", "mine-1")])).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "mine-1");
    assert!(answer.get_ref().starts_with("mine-1 "));

    let answer = say(cluster.stranger(1), with(&[("x-request-id", "not fit to log")])).await.unwrap();
    let id = answer.metadata().get("x-request-id").unwrap().to_str().unwrap();
    assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    assert!(answer.get_ref().starts_with(id));
}

#[tokio::test(start_paused = true)]
async fn an_error_names_its_request_too() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::refusing(&Status::not_found("no such model"))).await;
    let status = say(cluster.stranger(1), with(&[("x-request-id", "mine-2")])).await.unwrap_err();
    assert_eq!(status.metadata().get("x-request-id").unwrap(), "mine-2");
    let details = status.get_error_details();
    assert_eq!(details.request_info().unwrap().request_id, "mine-2");
    assert_eq!(details.error_info().unwrap().reason, "NOT_FOUND");
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn the_public_door_believes_nobody_and_an_inner_one_its_callers() {
    let mut cluster = Cluster::default();
    cluster.start(1, introspecting()).await;
    let inner = server(&[]).0.trusting(Trust::Callers);
    cluster.start_with(2, inner, introspecting(), Duration::ZERO).await;
    let claim = || with(&[("x-ondol-principal", "team-a")]);
    let public = say(cluster.stranger(1), claim()).await.unwrap().into_inner();
    assert!(public.contains(" nobody "), "{public}");
    let inner = say(cluster.stranger(2), claim()).await.unwrap().into_inner();
    assert!(inner.contains(" team-a "), "{inner}");
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_on_in_its_callers_name_id_and_trace() {
    let _logs = testkit::capture_logs();
    let mut cluster = Cluster::default();
    let inner = server(&[]).0.trusting(Trust::Callers);
    cluster.start_with(2, inner, introspecting(), Duration::ZERO).await;
    let upstream = cluster.upstream(&[2]);
    // As api does: a layer of its own finds the principal, the handler sends the call on.
    let forwarding = Echo::new(move |mut request: Request<String>| {
        let upstream = upstream.clone();
        async move {
            Principal::new("team-b").unwrap().attach(request.extensions_mut());
            let (_, extensions, message) = request.into_parts();
            Ok(once(say(upstream, onward(&extensions, message)).await?.into_inner()))
        }
    });
    cluster.start(1, forwarding).await;
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let metadata = [("x-request-id", "mine-3"), ("traceparent", parent.as_str())];
    let answer = say(cluster.stranger(1), with(&metadata)).await.unwrap().into_inner();
    assert_eq!(answer, format!("mine-3 team-b {TRACE}"));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_our_own_gets_a_new_id() {
    let mut cluster = Cluster::default();
    cluster.start(1, introspecting()).await;
    let answer = say(cluster.upstream(&[1]), with(&[])).await.unwrap();
    let id = answer.metadata().get("x-request-id").unwrap().to_str().unwrap();
    assert_ne!(id, RequestId::random().as_str());
    assert!(answer.get_ref().starts_with(id));
}
