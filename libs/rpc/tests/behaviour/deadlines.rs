//! Deadlines hold to the last byte, and travel.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use rpc::{Deadline, onward};
use tokio::time::{Instant, sleep};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::harness::{Cluster, Echo, once, say, server, tell};

fn within(seconds: u64) -> Request<String> {
    let mut request = Request::new(String::new());
    request.set_timeout(Duration::from_secs(seconds));
    request
}

async fn tick(_alive: Arc<()>) -> Result<String, Status> {
    sleep(Duration::from_secs(1)).await;
    Ok("tick".to_owned())
}

/// Answers a message a second, for ever. The counter's owner sees whether the stream is still alive.
fn ticking(alive: &Arc<()>) -> Echo {
    let alive = alive.clone();
    Echo::new(move |_| {
        let ticks = stream::repeat(alive.clone()).then(tick).boxed();
        std::future::ready(Ok(ticks))
    })
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_at_its_deadline_and_its_handler_is_dropped() {
    let mut cluster = Cluster::default();
    let alive = Arc::new(());
    cluster.start(1, ticking(&alive)).await;
    let started = Instant::now();
    // Over a channel that keeps no deadline of its own: it is the server that ends the stream.
    let mut request = Request::new(String::new());
    request.metadata_mut().insert("grpc-timeout", "5500m".parse().unwrap());
    let messages: Vec<_> = tell(cluster.stranger(1), request).await.unwrap().collect().await;
    assert_eq!(messages.len(), 6);
    let status = messages[5].as_ref().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(status.get_details_error_info().unwrap().domain, rpc::ERROR_DOMAIN);
    assert_eq!(started.elapsed().as_millis() / 100, 55);
    // One in this test and one in the service.
    assert_eq!(Arc::strong_count(&alive), 2);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_answers_is_ended_too() {
    let mut cluster = Cluster::default();
    let (server, _) = server(&["--default-deadline", "7s"]);
    let never = Echo::new(|_| std::future::pending());
    cluster.start_with(1, server, never, Duration::ZERO).await;
    let started = Instant::now();
    let status = say(cluster.stranger(1), String::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(started.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_timeout_is_refused() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("hello")).await;
    let mut request = Request::new(String::new());
    request.metadata_mut().insert("grpc-timeout", "soon".parse().unwrap());
    let status = say(cluster.stranger(1), request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.get_details_error_info().unwrap().reason, "MALFORMED_TIMEOUT");
}

#[tokio::test(start_paused = true)]
async fn the_next_service_has_no_more_time_than_is_left() {
    let mut cluster = Cluster::default();
    let left = Echo::new(|request: Request<String>| async move {
        let left = request.extensions().get::<Deadline>().unwrap().remaining();
        Ok(once(left.as_millis().to_string()))
    });
    cluster.start(2, left).await;
    let upstream = cluster.upstream(&[2]);
    let slow = Echo::new(move |request: Request<String>| {
        let upstream = upstream.clone();
        async move {
            sleep(Duration::from_secs(4)).await;
            Ok(once(say(upstream, onward(request.extensions(), String::new())).await?.into_inner()))
        }
    });
    cluster.start(1, slow).await;
    let left: u64 = say(cluster.stranger(1), within(10)).await.unwrap().into_inner().parse().unwrap();
    assert!((5_900..=6_000).contains(&left), "{left} ms");
}

#[tokio::test(start_paused = true)]
async fn a_client_gives_up_on_a_pod_that_does_not_end_the_call_itself() {
    let mut cluster = Cluster::default();
    // Nobody accepts: the connection is made and never spoken on.
    let _silent = cluster.network.listen(crate::harness::address(1));
    let started = Instant::now();
    let status = say(cluster.upstream(&[1]), within(3)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(started.elapsed().as_secs(), 3);

    cluster.start(2, Echo::holding("first")).await;
    let started = Instant::now();
    let messages: Vec<_> = tell(cluster.upstream(&[2]), within(3)).await.unwrap().collect().await;
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[1].as_ref().unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(started.elapsed().as_secs(), 3);
}
