//! Which pod a call goes to, and how the client follows the pods as they come and go.

use std::{collections::HashMap, io, net::SocketAddr, time::Duration};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use prometheus_client::registry::Registry;
use rpc::{Connector, Resolve, Upstream, UpstreamMetrics};
use testkit::Network;
use tokio::{
    io::DuplexStream,
    time::{Instant, sleep},
};
use tonic::Code;

use crate::harness::{Cluster, Echo, Script, address, say, settings, tell};

fn following(cluster: &Cluster, script: &Script) -> Upstream {
    found_by(script.clone(), cluster.connector())
}

fn found_by(resolver: impl Resolve, connector: Connector) -> Upstream {
    let metrics = UpstreamMetrics::register(&mut Registry::default());
    Upstream::connect_through(&settings(1), &metrics, resolver, connector)
}

/// Waits, in paused time, until every connection that can be made has been.
async fn connected() {
    sleep(Duration::from_millis(10)).await;
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_open_count_until_their_body_ends() {
    let mut cluster = Cluster::default();
    for (pod, name) in [(1, "one"), (2, "two")] {
        cluster.start(pod, Echo::holding(name)).await;
    }
    let upstream = cluster.upstream(&[1, 2]);
    connected().await;
    let mut open = HashMap::<String, Vec<_>>::new();
    for _ in 0..10 {
        let mut stream = tell(upstream.clone(), String::new()).await.unwrap();
        let pod = stream.next().await.unwrap().unwrap();
        open.entry(pod).or_default().push(stream);
    }
    assert_eq!((open["one"].len(), open["two"].len()), (5, 5));

    // With the streams of one pod gone, it is the less busy until it has as many again.
    open.remove("one");
    crate::harness::settle().await;
    for _ in 0..5 {
        let mut stream = tell(upstream.clone(), String::new()).await.unwrap();
        let pod = stream.next().await.unwrap().unwrap();
        assert_eq!(pod, "one");
        open.entry(pod).or_default().push(stream);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_pod_is_found_and_a_removed_one_keeps_only_its_streams() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::holding("one")).await;
    cluster.start(2, Echo::holding("two")).await;
    let script = Script::of(&[1]);
    let upstream = following(&cluster, &script);
    let mut stream = tell(upstream.clone(), String::new()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "one");

    script.now(&[2]);
    sleep(settings(1).resolve_every).await;
    for _ in 0..5 {
        assert_eq!(say(upstream.clone(), String::new()).await.unwrap().into_inner(), "two");
    }
    let silence = tokio::time::timeout(Duration::from_secs(1), stream.next()).await;
    assert!(silence.is_err(), "the stream is still open: {silence:?}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_asks_for_the_addresses_at_once() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    cluster.start(2, Echo::answering("two")).await;
    let script = Script::of(&[1]);
    let upstream = following(&cluster, &script);
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(script.asked(), 1);

    script.now(&[2]);
    stop.cancel();
    sleep(Duration::from_millis(100)).await;
    assert_eq!(script.asked(), 2, "long before the next regular look-up");
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_the_name_has_lost_is_missed_by_nobody_when_its_last_call_ends() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    cluster.start(2, Echo::answering("two")).await;
    let script = Script::of(&[1]);
    let upstream = following(&cluster, &script);
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_secs(11)).await;

    script.now(&[2]);
    sleep(Duration::from_secs(20)).await;
    let asked = script.asked();
    stop.cancel();
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(script.asked(), asked);
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "two");
}

/// Addresses that take a while to be found.
struct Slow(Script);

impl Resolve for Slow {
    fn resolve(&self) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        async {
            sleep(Duration::from_millis(500)).await;
            self.0.resolve().await
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn when_the_only_pod_has_moved_a_call_waits_for_its_new_address() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    cluster.start(2, Echo::answering("two")).await;
    let script = Script::of(&[1]);
    let upstream = found_by(Slow(script.clone()), cluster.connector());
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_secs(11)).await;

    script.now(&[2]);
    stop.cancel();
    // The connection has ended, another one was refused, and the name is still being looked up.
    sleep(Duration::from_millis(100)).await;
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "two");
}

/// Addresses as they were half a second ago.
struct Late(Script);

impl Resolve for Late {
    fn resolve(&self) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        let found = self.0.resolve();
        async {
            sleep(Duration::from_millis(500)).await;
            found.await
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_from_before_the_loss_is_not_what_a_call_waits_for() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    cluster.start(2, Echo::answering("two")).await;
    let script = Script::of(&[1]);
    let upstream = found_by(Late(script.clone()), cluster.connector());
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_secs(11)).await;
    let asked = script.asked();
    while script.asked() == asked {
        sleep(Duration::from_millis(50)).await;
    }

    script.now(&[2]);
    stop.cancel();
    // The look-up that was under way has ended, with the address that is gone.
    sleep(Duration::from_millis(700)).await;
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "two");
}

/// Connects, or is neither answered nor refused.
async fn open_unless(silent: bool, network: Network, to: SocketAddr) -> io::Result<DuplexStream> {
    if silent {
        std::future::pending::<()>().await;
    }
    network.connect(to)
}

#[tokio::test(start_paused = true)]
async fn an_address_that_answers_nobody_any_more_keeps_nobody_from_the_new_one() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    cluster.start(2, Echo::answering("two")).await;
    let script = Script::of(&[1]);
    let (network, gone) = (cluster.network.clone(), stop.clone());
    let connector = Connector::dialing(move |to| {
        let silent = to == address(1) && gone.is_cancelled();
        open_unless(silent, network.clone(), to)
    });
    let upstream = found_by(script.clone(), connector);
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_secs(11)).await;

    script.now(&[2]);
    stop.cancel();
    sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    assert_eq!(say(upstream, String::new()).await.unwrap().into_inner(), "two");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn when_the_only_pod_has_gone_for_good_a_call_waits_for_one_look_up_and_no_longer() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    let upstream = following(&cluster, &Script::of(&[1]));
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    sleep(Duration::from_secs(11)).await;

    stop.cancel();
    sleep(Duration::from_millis(100)).await;
    let started = Instant::now();
    assert_eq!(say(upstream, String::new()).await.unwrap_err().code(), Code::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn while_the_name_cannot_be_resolved_the_known_pods_serve() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("one")).await;
    let script = Script::of(&[1]);
    let upstream = following(&cluster, &script);
    assert!(say(upstream.clone(), String::new()).await.is_ok());
    for broken in [Script::fail as fn(&Script), |script| script.now(&[])] {
        broken(&script);
        sleep(settings(1).resolve_every * 3).await;
        assert!(say(upstream.clone(), String::new()).await.is_ok());
    }
    assert_eq!(cluster.network.connections(address(1)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_nobody_fails_at_once_and_the_pod_is_found_when_it_is_there() {
    let mut cluster = Cluster::default();
    let upstream = cluster.upstream(&[1]);
    let started = Instant::now();
    let status = say(upstream.clone(), String::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(!status.message().contains("10.0.0"), "no address: {status:?}");

    // Long enough for the waits between attempts to have become long: the call has its own attempt made.
    sleep(Duration::from_secs(45)).await;
    let started = Instant::now();
    assert_eq!(say(upstream.clone(), String::new()).await.unwrap_err().code(), Code::Unavailable);
    cluster.start(1, Echo::answering("hello")).await;
    assert!(say(upstream, String::new()).await.is_ok());
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_name_that_had_no_answer_is_asked_again_for_a_call() {
    let mut cluster = Cluster::default();
    cluster.start(1, Echo::answering("one")).await;
    let script = Script::of(&[]);
    let upstream = following(&cluster, &script);
    sleep(settings(1).resolve_every * 3).await;
    script.now(&[1]);
    assert!(say(upstream.clone(), String::new()).await.is_err());
    sleep(Duration::from_millis(1100)).await;
    assert!(say(upstream, String::new()).await.is_ok(), "long before the next regular look-up");
}

#[tokio::test(start_paused = true)]
async fn an_upstream_tells_whether_a_pod_is_connected() {
    let mut cluster = Cluster::default();
    let stop = cluster.start(1, Echo::answering("one")).await;
    let mut connected = cluster.upstream_connected(&[1]);
    let patience = Duration::from_secs(5);
    let mut becomes = async |wanted: bool| {
        tokio::time::timeout(patience, connected.1.wait_for(|connected| *connected == wanted)).await.is_ok()
    };
    assert!(becomes(true).await);
    stop.cancel();
    cluster.stopped().await;
    assert!(becomes(false).await);
}

#[tokio::test(start_paused = true)]
async fn a_name_without_an_answer_is_an_error_too() {
    let cluster = Cluster::default();
    let script = Script::of(&[]);
    script.fail();
    let status = say(following(&cluster, &script), String::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn reconnecting_backs_off() {
    let cluster = Cluster::default();
    let refused = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = refused.clone();
    let connector = rpc::Connector::dialing(move |_| {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        std::future::ready(Err::<tokio::io::DuplexStream, _>(std::io::ErrorKind::ConnectionRefused.into()))
    });
    let _upstream = found_by(Script::of(&[1]), connector);
    sleep(Duration::from_mins(1)).await;
    let attempts = refused.load(std::sync::atomic::Ordering::Relaxed);
    // 0.2 s doubling to 10 s, each at least halved: never more than 18 in a minute.
    assert!((6..=18).contains(&attempts), "{attempts} attempts");
    drop(cluster);
}
