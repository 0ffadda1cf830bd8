//! Hearts that beat through a busy process, and that give up in time.

use std::{sync::Arc, time::Duration};

use jobs::{Beat, Ended, Heart, Pulse, Queue, State, Timing};
use tokio::time::Instant;

use super::scene::{LEASE, Scene, eventually};

fn timing() -> Timing {
    Timing { lease: LEASE, beat: LEASE / 8, give_up: LEASE * 3 / 4, progress: Duration::from_millis(5) }
}

fn heart(scene: &Scene) -> Heart {
    Heart::start(Arc::new(scene.queue.apart().unwrap()), timing()).unwrap()
}

/// The runtime's only thread computes for longer than a lease.
#[tokio::test]
async fn a_busy_process_keeps_its_jobs() {
    let scene = Scene::new();
    scene.add("work").await;
    let heart = heart(&scene);
    let since = Instant::now();
    let job = scene.claim("work", 1, LEASE).await.remove(0);
    let held = heart.hold(&job.ticket, since);
    while since.elapsed() < LEASE * 2 {
        std::hint::spin_loop();
    }
    assert_eq!(scene.queue.reap(10).await.unwrap().total(), 0);
    assert_eq!(held.end(), None);
    let beat = Beat { ticket: job.ticket.clone(), progress: None };
    assert_eq!(scene.queue.beat(vec![beat], LEASE).await.unwrap(), [Pulse::Alive]);
    // Without its care the lease ends.
    drop(held);
    scene.reap(1).await;
}

/// 7, from the worker's side: nobody answers, and the run ends before its lease does.
#[tokio::test]
async fn a_heart_without_an_answer_gives_up_before_the_lease_ends() {
    let scene = Scene::new();
    scene.add("work").await;
    let heart = heart(&scene);
    let since = Instant::now();
    let job = scene.claim("work", 1, LEASE).await.remove(0);
    let mut held = heart.hold(&job.ticket, since);
    scene.redis.freeze().unwrap();
    let end = held.ended().await;
    let after = since.elapsed();
    scene.redis.thaw().unwrap();
    assert_eq!(end, Ended::Lost);
    assert!(timing().give_up <= after && after < LEASE + timing().beat, "{after:?}");
}

/// A report that the queue would refuse costs nobody a beat: neither the run that made it nor those beside it.
#[tokio::test]
async fn a_report_that_is_too_long_stops_no_heart() {
    let scene = Scene::new();
    scene.add_many("work", 2).await;
    let heart = heart(&scene);
    let since = Instant::now();
    let held: Vec<_> =
        scene.claim("work", 2, LEASE).await.iter().map(|job| heart.hold(&job.ticket, since)).collect();
    held[0].progress(vec![0; 16 * 1024 + 1]);
    while since.elapsed() < LEASE * 2 {
        std::hint::spin_loop();
    }
    assert_eq!([held[0].end(), held[1].end()], [None; 2]);
    assert_eq!(scene.queue.reap(10).await.unwrap().total(), 0);
}

#[tokio::test]
async fn a_heart_carries_progress_and_hears_of_a_cancellation() {
    let scene = Scene::new();
    let id = scene.add("work").await;
    let heart = heart(&scene);
    let job = scene.claim("work", 1, LEASE).await.remove(0);
    let mut held = heart.hold(&job.ticket, Instant::now());
    for part in 0..50_u8 {
        held.progress(vec![part]);
    }
    eventually(async || scene.queue.get(id).await.unwrap().progress == Some(vec![49])).await;
    scene.queue.cancel(id).await.unwrap();
    assert_eq!(held.ended().await, Ended::Cancelled);
    // It is still ours until we say how it ended.
    assert_eq!(scene.state(id).await, State::Running);
    assert_eq!(scene.queue.reap(10).await.unwrap().total(), 0);
    drop(heart);
    assert_eq!(held.ended().await, Ended::Lost);
}
