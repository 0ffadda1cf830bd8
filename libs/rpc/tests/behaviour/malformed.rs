//! Requests that are no message of the contract.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http_body_util::Full;
use tonic::{Code, Request, Status, body::Body, client::Grpc};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;
use tower::ServiceExt;

use crate::harness::{Cluster, Echo, SAY, routes, say, series, server};

#[tokio::test(start_paused = true)]
async fn are_the_callers_mistake_in_the_answer_and_in_the_metrics() {
    let mut cluster = Cluster::default();
    let (server, registry) = server(&[]);
    cluster.start_with(1, server, Echo::answering("fine"), Duration::ZERO).await;
    let mut grpc = Grpc::new(cluster.stranger(1));
    grpc.ready().await.unwrap();
    // A number where the service expects text.
    let codec: ProstCodec<u64, String> = ProstCodec::default();
    let status = grpc.unary(Request::new(7), PathAndQuery::from_static(SAY), codec).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.get_details_error_info().unwrap().reason, "MALFORMED_MESSAGE");
    assert!(status.message().contains("cannot be decoded"), "{status:?}");
    let labels = [r#"code="INVALID_ARGUMENT""#];
    let seen = series(&registry, "rpc_server_call_duration_seconds_count", &labels);
    assert!((seen - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn a_broken_frame_is_one_too() {
    let (server, _) = server(&[]);
    let routes = routes(Echo::answering("fine")).await;
    for (bytes, word) in [
        (&b"\0\0\0\0\x28abc"[..], "EOF"),
        (b"", "Missing request message"),
        (b"\x07\0\0\0\0", "compression flag"),
        (b"\x01\0\0\0\0", "compressed-flag"),
    ] {
        let body = Body::new(Full::new(Bytes::copy_from_slice(bytes)));
        let request = http::Request::post(SAY).version(http::Version::HTTP_2);
        let request = request.header("content-type", "application/grpc").body(body).unwrap();
        let response = server.stack(routes.clone()).oneshot(request).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.code(), Code::InvalidArgument, "{word}: {status:?}");
        assert!(status.message().contains(word), "{status:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn are_not_mixed_up_with_what_handlers_say() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::refusing(&Status::internal("the disk is full"))).await;
    assert_eq!(say(cluster.stranger(1), String::new()).await.unwrap_err().code(), Code::Internal);
}
