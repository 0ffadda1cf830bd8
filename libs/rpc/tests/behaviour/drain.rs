//! The end of a server.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep},
};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt;

use crate::harness::{Cluster, Echo, address, once, say, server, settle, tell};

const GRACE: Duration = Duration::from_secs(30);

/// Answers, and again after 10 seconds.
fn slow() -> Echo {
    Echo::new(|_| async {
        let later = stream::once(async {
            sleep(Duration::from_secs(10)).await;
            Ok("last".to_owned())
        });
        Ok(once("first").chain(later).boxed())
    })
}

#[tokio::test(start_paused = true)]
async fn what_runs_may_finish_and_nobody_new_comes_in() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, slow(), GRACE).await;
    let client = cluster.stranger(1);
    let mut stream = tell(client.clone(), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let started = Instant::now();
    stop.cancel();
    settle().await;
    assert!(cluster.network.connect(address(1)).is_err(), "the door is closed");
    assert!(say(client, String::new()).await.is_err(), "no call on the old connection either");
    assert_eq!(stream.next().await.unwrap().unwrap(), "last");
    assert!(stream.next().await.is_none());
    cluster.stopped().await;
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_finish_within_the_grace_is_cut_off() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, Echo::holding("first"), GRACE).await;
    let mut stream = tell(cluster.stranger(1), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let started = Instant::now();
    stop.cancel();
    cluster.stopped().await;
    assert_eq!(started.elapsed(), GRACE);
    assert!(stream.next().await.unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_health_is_told_and_ended() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, Echo::answering("fine"), GRACE).await;
    let mut client = HealthClient::new(cluster.stranger(1));
    let mut watch = client.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert!(watch.message().await.unwrap().is_some());
    let started = Instant::now();
    stop.cancel();
    let ended = watch.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
    assert_eq!(ended.get_details_error_info().unwrap().reason, "DRAINING");
    cluster.stopped().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_runs_is_not_waited_for() {
    let mut cluster = Cluster::default();
    let stop = cluster.start_with(1, server(&[]).0, Echo::answering("fine"), GRACE).await;
    // HTTP/2's preface and empty settings, and then not a word: not even to the ping that says goodbye.
    let mut silent = cluster.network.connect(address(1)).unwrap();
    silent.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    settle().await;
    let started = Instant::now();
    stop.cancel();
    cluster.stopped().await;
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_closes_once_its_streams_have_ended() {
    let mut cluster = Cluster::default();
    cluster.start(1, slow()).await;
    let upstream = cluster.upstream(&[1]);
    let mut stream = tell(upstream.clone(), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let closed = upstream.closed();
    let read = async {
        assert_eq!(stream.next().await.unwrap().unwrap(), "last");
        assert!(stream.next().await.is_none());
        drop(stream);
    };
    let started = Instant::now();
    tokio::join!(closed, read);
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_off_is_unavailable_to_our_client() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::holding("first")).await;
    let mut stream = tell(cluster.upstream(&[1]), String::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stop.cancel();
    assert_eq!(stream.next().await.unwrap().unwrap_err().code(), Code::Unavailable);
}
