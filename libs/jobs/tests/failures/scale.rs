//! Many at once, and many at the same time.

use std::time::{Duration, Instant};

use jobs::{Claimed, NewJob, Queue, Receipt, RedisQueue};

use super::scene::{LEASE, Scene, claim, eventually, finish, job};

/// 20,000 leases end together, as when a whole pool of workers goes away; no single call holds up the server for long.
#[tokio::test]
async fn twenty_thousand_leases_end_at_once() {
    const JOBS: usize = 20_000;
    let scene = Scene::new();
    scene.add_many("work", JOBS).await;
    let mut claimed = 0;
    while claimed < JOBS {
        claimed += scene.claim("work", 1_000, Duration::from_millis(1)).await.len();
    }
    let (mut reaped, mut longest) = (0, Duration::ZERO);
    eventually(async || {
        let begin = Instant::now();
        let found = scene.queue.reap(100).await.unwrap().total();
        longest = longest.max(begin.elapsed());
        assert!(found <= 100);
        reaped += found;
        // The pause between looks is for tests that wait; these do not.
        while found == 100 && reaped < JOBS as u64 {
            reaped += scene.queue.reap(100).await.unwrap().total();
        }
        reaped == JOBS as u64
    })
    .await;
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    let total = scene.queue.stats().await.unwrap().total();
    assert_eq!((total.ready, total.running, total.recoveries), (JOBS as u64, 0, JOBS as u64));
}

async fn finish_all(queue: &RedisQueue, jobs: &[Claimed]) -> usize {
    for job in jobs {
        assert_eq!(finish(queue, job).await, Receipt::Accepted);
    }
    jobs.len()
}

/// 7: a delay longer than a lease, two promoters and two reapers at the same time: the job runs once, and in time.
#[tokio::test]
async fn a_delay_longer_than_a_lease_runs_once() {
    const DELAY: Duration = Duration::from_millis(400);
    let scene = Scene::new();
    let begin = Instant::now();
    let new = NewJob { delay: DELAY, ..job("work") };
    scene.queue.enqueue(vec![new]).await.remove(0).unwrap();
    let other = scene.queue.apart().unwrap();
    let lease = DELAY / 4;
    let mut runs = 0;
    eventually(async || {
        for queue in [&scene.queue, &other] {
            let both = tokio::join!(queue.promote(10), queue.reap(10), claim(queue, "work", 10, lease * 100));
            both.0.unwrap();
            assert_eq!(both.1.unwrap().total(), 0, "what waits for its time has no lease that could end");
            runs += finish_all(queue, &both.2).await;
        }
        begin.elapsed() > DELAY + LEASE
    })
    .await;
    assert_eq!(runs, 1);
}
