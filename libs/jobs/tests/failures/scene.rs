//! A Redis, a queue in it, and the words of these tests.

use std::{collections::BTreeMap, time::Duration};

use jobs::{
    ClaimRequest, Claimed, Finish, JobId, Name, NewJob, Outcome, Payload, Policies, Policy, Queue, Receipt,
    RedisOptions, RedisQueue, State,
};
use testkit::Redis;

pub const LEASE: Duration = Duration::from_millis(800);
pub const PATIENCE: Duration = Duration::from_mins(1);

pub struct Scene {
    pub queue: RedisQueue,
    pub redis: Redis,
}

pub fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub fn policies() -> Policies {
    let quick = Policy { attempts: 3, base: Duration::from_millis(2), ceiling: Duration::from_millis(4) };
    Policies { default: quick, kinds: BTreeMap::new() }
}

pub fn job(kind: &str) -> NewJob {
    NewJob::new(name(kind), name("tenant"), Payload::Inline(b"payload".to_vec()))
}

pub fn failed(retry: bool) -> Outcome {
    Outcome::Failed { error: "stale".to_owned(), retry }
}

pub fn options(url: String) -> RedisOptions {
    RedisOptions { timeout: Duration::from_secs(2), ..RedisOptions::new(url, name("queue")) }
}

impl Scene {
    pub fn new() -> Self {
        Self::at(Redis::start().unwrap())
    }

    pub fn at(redis: Redis) -> Self {
        Self { queue: RedisQueue::new(options(redis.url()), policies()).unwrap(), redis }
    }

    /// A client that waits no longer than this for an answer.
    pub fn hasty(&self, timeout: Duration) -> RedisQueue {
        let options = RedisOptions { timeout, ..options(self.redis.url()) };
        RedisQueue::new(options, policies()).unwrap()
    }

    pub async fn add(&self, kind: &str) -> JobId {
        self.queue.enqueue(vec![job(kind)]).await.remove(0).unwrap().id
    }

    pub async fn add_many(&self, kind: &str, count: usize) -> Vec<JobId> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count {
            let jobs = (0..500.min(count - ids.len())).map(|_| job(kind)).collect();
            ids.extend(self.queue.enqueue(jobs).await.into_iter().map(|entered| entered.unwrap().id));
        }
        ids
    }

    pub async fn claim(&self, kind: &str, most: u32, lease: Duration) -> Vec<Claimed> {
        claim(&self.queue, kind, most, lease).await
    }

    pub async fn state(&self, id: JobId) -> State {
        self.queue.get(id).await.unwrap().state
    }

    /// Reaps until so many were taken back.
    pub async fn reap(&self, count: u64) {
        let mut reaped = 0;
        eventually(async || {
            reaped += self.queue.reap(100).await.unwrap().total();
            reaped >= count
        })
        .await;
        assert_eq!(reaped, count);
    }
}

pub async fn claim(queue: &RedisQueue, kind: &str, most: u32, lease: Duration) -> Vec<Claimed> {
    let kinds = vec![(name(kind), most)];
    queue.claim(ClaimRequest { worker: name("test"), kinds, most, lease }).await.unwrap_or_default()
}

pub async fn finish(queue: &RedisQueue, job: &Claimed) -> Receipt {
    let outcome = Outcome::Done { result: b"good".to_vec() };
    queue.finish(vec![Finish { ticket: job.ticket.clone(), outcome }]).await.remove(0).unwrap()
}

/// Looks again and again until it is so.
pub async fn eventually(mut look: impl AsyncFnMut() -> bool) {
    let mut pause = tokio::time::interval(Duration::from_millis(5));
    let all = async {
        while !look().await {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("this should have come to be");
}
