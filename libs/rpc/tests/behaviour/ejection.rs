//! A pod that fails is left out for a while.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus_client::registry::Registry;
use rpc::{Upstream, UpstreamMetrics};
use tokio::time::sleep;
use tonic::{Code, Status};

use crate::harness::{Cluster, Echo, Script, once, say, series, settings};

/// A pod that can be made to fail, and counts its calls.
#[derive(Clone, Default)]
struct Moody {
    failing: Arc<AtomicBool>,
    calls: Arc<AtomicUsize>,
}

impl Moody {
    fn echo(&self) -> Echo {
        let this = self.clone();
        Echo::new(move |_| {
            this.calls.fetch_add(1, Ordering::Relaxed);
            let failing = this.failing.load(Ordering::Relaxed);
            let answer = if failing { Err(Status::unavailable("not me")) } else { Ok(once("fine")) };
            std::future::ready(answer)
        })
    }

    fn calls_since(&self, count: usize) -> usize {
        self.calls.load(Ordering::Relaxed) - count
    }
}

/// Makes calls and returns how many failed. Open calls attract no others here, so both pods get their share.
async fn failures(upstream: &Upstream, calls: usize) -> usize {
    let mut failed = 0;
    for _ in 0..calls {
        failed += usize::from(say(upstream.clone(), String::new()).await.is_err());
    }
    failed
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_fails_fast_is_left_out_and_comes_back_by_a_probe() {
    let (bad, good) = (Moody::default(), Moody::default());
    bad.failing.store(true, Ordering::Relaxed);
    let mut cluster = Cluster::default();
    cluster.start(1, bad.echo()).await;
    cluster.start(2, good.echo()).await;
    let mut registry = Registry::default();
    let metrics = UpstreamMetrics::register(&mut registry);
    let upstream =
        Upstream::connect_through(&settings(1), &metrics, Script::of(&[1, 2]), cluster.connector());
    sleep(Duration::from_millis(10)).await;

    assert_eq!(failures(&upstream, 200).await, 5, "five failures in a row, then none");
    assert_eq!(bad.calls_since(0), 5);
    let ejected = ["upstream=\"echo\"", "state=\"ejected\""];
    assert!((series(&registry, "rpc_client_endpoints", &ejected) - 1.0).abs() < f64::EPSILON);

    // After its rest one call probes it, and fails, and the rest is longer.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(failures(&upstream, 100).await, 1);
    assert!((series(&registry, "rpc_client_ejections_total", &[]) - 2.0).abs() < f64::EPSILON);
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(failures(&upstream, 100).await, 0, "still resting");

    bad.failing.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(failures(&upstream, 100).await, 0);
    assert!(bad.calls_since(6) > 10, "it has its share again: {}", bad.calls_since(6));
    assert!(series(&registry, "rpc_client_endpoints", &ejected).abs() < f64::EPSILON);
}

#[tokio::test(start_paused = true)]
async fn the_last_pod_is_never_left_out() {
    let (one, two) = (Moody::default(), Moody::default());
    for pod in [&one, &two] {
        pod.failing.store(true, Ordering::Relaxed);
    }
    let mut cluster = Cluster::default();
    cluster.start(1, one.echo()).await;
    cluster.start(2, two.echo()).await;
    let upstream = cluster.upstream(&[1, 2]);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(failures(&upstream, 100).await, 100);
    assert_eq!(one.calls_since(0) + two.calls_since(0), 100, "every call reached a pod");

    for pod in [&one, &two] {
        pod.failing.store(false, Ordering::Relaxed);
    }
    assert_eq!(failures(&upstream, 1).await, 0, "the one that stayed serves at once");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_the_callers_fault_are_no_failures_of_the_pod() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::refusing(&Status::invalid_argument("no"))).await;
    cluster.start(2, Echo::refusing(&Status::resource_exhausted("full"))).await;
    let mut registry = Registry::default();
    let metrics = UpstreamMetrics::register(&mut registry);
    let upstream =
        Upstream::connect_through(&settings(1), &metrics, Script::of(&[1, 2]), cluster.connector());
    sleep(Duration::from_millis(10)).await;
    let mut codes = Vec::new();
    for _ in 0..50 {
        codes.push(say(upstream.clone(), String::new()).await.unwrap_err().code());
    }
    assert!(codes.contains(&Code::InvalidArgument) && codes.contains(&Code::ResourceExhausted));
    let ejected = ["state=\"ejected\""];
    assert!(series(&registry, "rpc_client_endpoints", &ejected).abs() < f64::EPSILON);
}
