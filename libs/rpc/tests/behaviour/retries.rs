//! What is tried again, and what never.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use prometheus_client::registry::Registry;
use rpc::{AtMostOnce, Upstream, UpstreamMetrics};
use tokio::time::sleep;
use tonic::{Code, Request, Status};

use crate::harness::{Cluster, Echo, Script, address, once, say, settings, tell};

/// Fails the first `failures` calls, and answers the request's own words to the others.
fn failing_first(failures: usize, calls: &Arc<AtomicUsize>) -> Echo {
    let calls = calls.clone();
    Echo::new(move |request: Request<String>| {
        let failed = calls.fetch_add(1, Ordering::Relaxed) < failures;
        let answer =
            if failed { Err(Status::unavailable("not yet")) } else { Ok(once(request.into_inner())) };
        std::future::ready(answer)
    })
}

fn retrying(cluster: &Cluster, pods: &[u8]) -> Upstream {
    let metrics = UpstreamMetrics::register(&mut Registry::default());
    Upstream::connect_through(&settings(3), &metrics, Script::of(pods), cluster.connector())
}

#[tokio::test(start_paused = true)]
async fn unavailable_is_tried_again_with_the_same_request() {
    let (mut cluster, calls) = (Cluster::default(), Arc::default());
    cluster.start(1, failing_first(2, &calls)).await;
    let answer = say(retrying(&cluster, &[1]), "the same words".to_owned()).await.unwrap();
    assert_eq!(answer.into_inner(), "the same words");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_last_answer_counts() {
    let (mut cluster, calls) = (Cluster::default(), Arc::default());
    cluster.start(1, failing_first(usize::MAX, &calls)).await;
    let status = say(retrying(&cluster, &[1]), String::new()).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "not yet"));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_retry_goes_to_another_pod() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::refusing(&Status::unavailable("never"))).await;
    cluster.start(2, Echo::answering("two")).await;
    let upstream = retrying(&cluster, &[1, 2]);
    sleep(Duration::from_millis(10)).await;
    for _ in 0..20 {
        assert_eq!(say(upstream.clone(), String::new()).await.unwrap().into_inner(), "two");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_tried_again_after_the_first_message() {
    let (mut cluster, calls) = (Cluster::default(), Arc::new(AtomicUsize::new(0)));
    let counter = calls.clone();
    let breaking = Echo::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        let broken = stream::once(async { Err(Status::unavailable("broke")) });
        std::future::ready(Ok(once("first").chain(broken).boxed()))
    });
    cluster.start(1, breaking).await;
    let messages: Vec<_> = tell(retrying(&cluster, &[1]), String::new()).await.unwrap().collect().await;
    assert_eq!(messages[0].as_ref().unwrap(), "first");
    assert_eq!(messages[1].as_ref().unwrap_err().code(), Code::Unavailable);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn other_errors_are_answers() {
    for code in [Code::InvalidArgument, Code::Internal, Code::ResourceExhausted, Code::Aborted] {
        let (mut cluster, calls) = (Cluster::default(), Arc::new(AtomicUsize::new(0)));
        let counter = calls.clone();
        let refusing = Echo::new(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Err(Status::new(code, "no")))
        });
        cluster.start(1, refusing).await;
        assert_eq!(say(retrying(&cluster, &[1]), String::new()).await.unwrap_err().code(), code);
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_happen_only_once_is_sent_once() {
    let (mut cluster, calls) = (Cluster::default(), Arc::default());
    cluster.start(1, failing_first(1, &calls)).await;
    let mut request = Request::new(String::new());
    request.extensions_mut().insert(AtMostOnce);
    assert_eq!(say(retrying(&cluster, &[1]), request).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_dies_before_it_answers_is_replaced() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::new(|_| std::future::pending())).await;
    let upstream = retrying(&cluster, &[1, 2]);
    let call = say(upstream, "hello".to_owned());
    let rescue = async {
        crate::harness::settle().await;
        cluster.start(2, Echo::answering("two")).await;
        sleep(Duration::from_secs(1)).await;
        stop.cancel();
    };
    let (answer, ()) = tokio::join!(call, rescue);
    assert_eq!(answer.unwrap().into_inner(), "two");
    assert!(cluster.network.connect(address(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn retries_stay_within_their_budget() {
    let (mut cluster, calls) = (Cluster::default(), Arc::default());
    cluster.start(1, failing_first(usize::MAX, &calls)).await;
    let upstream = retrying(&cluster, &[1]);
    let all = (0..200).map(|_| say(upstream.clone(), String::new()));
    let failed = futures::future::join_all(all).await;
    assert!(failed.iter().all(Result::is_err));
    let retries = calls.load(Ordering::Relaxed) - 200;
    // A fifth of the calls, and the reserve of one a second for ten seconds; without a budget it would be 400.
    assert!((40..=51).contains(&retries), "{retries} retries");
}
