//! What the producers, the workers and the judge agree on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jobs::{Limits, Name, Policies, Queue, RedisOptions, RedisQueue};

pub(super) const KIND: &str = "chaos";

pub(super) fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub(super) fn queue(url: &str) -> RedisQueue {
    RedisQueue::new(RedisOptions::new(url, name("chaos")), Policies::default()).unwrap()
}

/// A job that meets its third killed worker would be declared dead, as it should be; here all workers are killed again
/// and again and no job is to blame.
pub(super) async fn set_limits(queue: &RedisQueue) {
    let limits = Limits { recoveries: 1_000, ..Limits::default() };
    queue.set_limits(&limits).await.unwrap();
}

/// Waits until no job waits or runs; how many do when patience is over.
pub(super) async fn wait_until_idle(queue: &RedisQueue, patience: Duration) -> u64 {
    let mut left = u64::MAX;
    let all = async {
        while left > 0 {
            pause(Duration::from_millis(200)).await;
            if let Ok(stats) = queue.stats().await {
                let total = stats.total();
                left = total.ready + total.running + total.delayed;
            }
        }
    };
    // What is left is told.
    drop(tokio::time::timeout(patience, all).await);
    left
}

/// Milliseconds, the same in every process of this machine.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Chaos takes its time: this is no test that waits for something to have happened.
pub(super) async fn pause(time: Duration) {
    drop(tokio::time::timeout(time, std::future::pending::<()>()).await);
}
