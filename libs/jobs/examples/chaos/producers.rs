//! Jobs come evenly over the time, and whoever could not hand one in tries again with the same job.

use std::time::Duration;

use futures::future::join_all;
use jobs::{JobsError, NewJob, Payload, Queue, RedisQueue};
use tokio::time::{Instant, interval};

use super::setting::{KIND, name, pause};

const PRODUCERS: usize = 8;
const TICK: Duration = Duration::from_millis(20);
const AGAIN: Duration = Duration::from_millis(200);

/// Hands in so many jobs, whatever happens; their names.
pub(super) async fn produce(queue: &RedisQueue, jobs: usize, time: Duration, seed: u64) -> Vec<String> {
    let shares = (0..PRODUCERS).map(|number| {
        let share = jobs / PRODUCERS + usize::from(number < jobs % PRODUCERS);
        produce_share(queue, share, time, seed ^ (number as u64 + 1))
    });
    join_all(shares).await.concat()
}

async fn produce_share(queue: &RedisQueue, jobs: usize, time: Duration, seed: u64) -> Vec<String> {
    let (begin, mut random) = (Instant::now(), fastrand::Rng::with_seed(seed));
    let mut clock = interval(TICK);
    let mut submitted = Vec::with_capacity(jobs);
    while submitted.len() < jobs {
        clock.tick().await;
        let due = (begin.elapsed().div_duration_f64(time).min(1.0) * jobs as f64).ceil() as usize;
        for _ in submitted.len()..due {
            submitted.push(enqueue(queue, job(&mut random)).await);
        }
    }
    submitted
}

/// Most jobs take some milliseconds, and some longer than it takes to be hit; the payload says how long.
fn job(random: &mut fastrand::Rng) -> NewJob {
    let time = if random.u8(..100) == 0 { random.u32(1_000..15_000) } else { random.u32(0..40) };
    let tenant = format!("tenant{}", random.u8(..3));
    NewJob::new(name(KIND), name(&tenant), Payload::Inline(time.to_string().into_bytes()))
}

async fn enqueue(queue: &RedisQueue, job: NewJob) -> String {
    loop {
        match queue.enqueue(vec![job.clone()]).await.remove(0) {
            Ok(entered) => return entered.id.to_string(),
            // A wrong job would be refused for ever.
            Err(wrong @ (JobsError::InvalidRequest { .. } | JobsError::KeyConflict { .. })) => {
                panic!("{wrong}")
            }
            Err(_away) => pause(AGAIN).await,
        }
    }
}
