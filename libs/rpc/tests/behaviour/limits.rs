//! Concurrency, message size and connection age.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};
use tonic::{Code, Request};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt;

use crate::harness::{Cluster, Echo, LARGEST, address, once, say, server, settle, tell};

#[tokio::test(start_paused = true)]
async fn a_full_server_sheds_until_a_stream_has_ended() {
    let mut cluster = Cluster::default();
    let (server, _) = server(&["--max-concurrency", "1"]);
    cluster.start_with(1, server, Echo::holding("first"), Duration::ZERO).await;
    let client = cluster.stranger(1);
    let mut stream = tell(client.clone(), String::new()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "first");

    let status = say(client.clone(), String::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    let wait = details.retry_info().unwrap().retry_delay.unwrap();
    assert!(Duration::from_millis(500) <= wait && wait <= Duration::from_millis(1500), "{wait:?}");
    assert!(details.quota_failure().is_some());
    let check = HealthClient::new(client.clone()).check(HealthCheckRequest::default()).await;
    assert!(check.is_ok(), "health stays reachable: {check:?}");

    drop(stream);
    settle().await;
    assert_eq!(say(client, String::new()).await.unwrap().into_inner(), "first");
}

#[tokio::test(start_paused = true)]
async fn an_expired_stream_makes_room() {
    let mut cluster = Cluster::default();
    let (server, _) = server(&["--max-concurrency", "1", "--default-deadline", "5s"]);
    cluster.start_with(1, server, Echo::holding("first"), Duration::ZERO).await;
    let stream = tell(cluster.stranger(1), String::new()).await.unwrap();
    assert_eq!(stream.count().await, 2);
    assert!(say(cluster.stranger(1), String::new()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_oversized_message_is_out_of_range() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("fits")).await;
    let status = say(cluster.stranger(1), "x".repeat(LARGEST + 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(status.get_details_error_info().unwrap().reason, "OUT_OF_RANGE");
    assert!(say(cluster.stranger(1), "x".repeat(LARGEST / 2)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_is_replaced_and_its_stream_goes_on() {
    let mut cluster = Cluster::default();
    let (server, _) = server(&["--max-connection-age", "60s"]);
    let slow = Echo::new(|_| async {
        let later = stream::once(async {
            sleep(Duration::from_mins(2)).await;
            Ok("late".to_owned())
        });
        Ok(once("early").chain(later).boxed())
    });
    cluster.start_with(1, server, slow, Duration::ZERO).await;
    let upstream = cluster.upstream(&[1]);
    let mut request = Request::new(String::new());
    request.set_timeout(Duration::from_mins(5));
    let mut stream = tell(upstream.clone(), request).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "early");
    assert_eq!(cluster.network.connections(address(1)), 1);
    sleep(Duration::from_secs(67)).await;
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "early");
    assert_eq!(cluster.network.connections(address(1)), 2);
    assert_eq!(stream.next().await.unwrap().unwrap(), "late");
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_and_a_quiet_client_is_not() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("fine")).await;
    let upstream = cluster.upstream(&[1]);
    let mut silent = cluster.network.connect(address(1)).unwrap();
    silent.write_all(b"PRI * HTTP").await.unwrap();
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(11), silent.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "still open");
    assert!(say(upstream, String::new()).await.is_ok());
    assert_eq!(cluster.network.connections(address(1)), 2, "the client that waited was not cut off");
}
