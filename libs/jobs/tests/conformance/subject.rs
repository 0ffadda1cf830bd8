//! What the suite runs on, and the words it speaks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jobs::{
    ClaimRequest, Claimed, Finish, JobId, JobsError, MemoryQueue, Name, NewJob, Outcome, Payload, Policies,
    Policy, Queue, Receipt, RedisOptions, RedisQueue, Ticket,
};
use testkit::Redis;

pub const LEASE: Duration = Duration::from_mins(1);
/// Long enough for any machine; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A kind of queue.
pub struct Subject {
    pub queue: Arc<dyn Queue>,
    /// Another queue at the same place.
    pub other: Arc<dyn Queue>,
    shards: u16,
    _server: Option<Redis>,
}

pub fn policies() -> Policies {
    let quick = Policy { attempts: 3, base: Duration::from_millis(2), ceiling: Duration::from_millis(4) };
    Policies { default: quick, kinds: BTreeMap::new() }
}

pub fn in_memory() -> Subject {
    Subject {
        queue: Arc::new(MemoryQueue::new(policies())),
        other: Arc::new(MemoryQueue::new(policies())),
        shards: 1,
        _server: None,
    }
}

/// Every test has a server of its own, which ends with it.
pub fn in_redis(shards: u16) -> Subject {
    at(Redis::start().unwrap(), shards)
}

pub fn in_valkey() -> Subject {
    at(Redis::valkey().unwrap(), 1)
}

fn at(server: Redis, shards: u16) -> Subject {
    let queue = |queue: &str| {
        let options = RedisOptions { shards, ..RedisOptions::new(server.url(), name(queue)) };
        Arc::new(RedisQueue::new(options, policies()).unwrap())
    };
    Subject { queue: queue("one"), other: queue("two"), shards, _server: Some(server) }
}

pub fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub fn job(kind: &str, tenant: &str) -> NewJob {
    NewJob::new(name(kind), name(tenant), Payload::Inline(b"payload".to_vec()))
}

impl Subject {
    pub fn is_sharded(&self) -> bool {
        self.shards > 1
    }

    pub async fn try_add(&self, job: NewJob) -> Result<JobId, JobsError> {
        let mut answers = self.queue.enqueue(vec![job]).await;
        answers.remove(0).map(|entered| entered.id)
    }

    pub async fn add(&self, job: NewJob) -> JobId {
        self.try_add(job).await.unwrap()
    }

    pub async fn claim_for(&self, kinds: &[&str], most: u32, lease: Duration) -> Vec<Claimed> {
        let kinds = kinds.iter().map(|kind| (name(kind), most)).collect();
        self.queue.claim(ClaimRequest { worker: name("worker"), kinds, most, lease }).await.unwrap()
    }

    pub async fn claim(&self, kind: &str, most: u32) -> Vec<Claimed> {
        self.claim_for(&[kind], most, LEASE).await
    }

    /// Claims the one job that there has to be.
    pub async fn claim_one(&self, kind: &str) -> Claimed {
        let mut claimed = self.claim(kind, 1).await;
        assert_eq!(claimed.len(), 1, "one {kind} job should be ready");
        claimed.remove(0)
    }

    pub async fn finish(&self, ticket: &Ticket, outcome: Outcome) -> Receipt {
        let run = Finish { ticket: ticket.clone(), outcome };
        self.queue.finish(vec![run]).await.remove(0).unwrap()
    }

    pub async fn finish_well(&self, ticket: &Ticket) {
        assert_eq!(self.finish(ticket, done("")).await, Receipt::Accepted);
    }

    /// Claims with a lease that ends at once, and waits until it has been taken back.
    pub async fn lose_one(&self, kind: &str) -> Claimed {
        let mut claimed = self.claim_for(&[kind], 1, Duration::from_millis(1)).await;
        assert_eq!(claimed.len(), 1, "one {kind} job should be ready");
        eventually(async || self.queue.reap(100).await.unwrap().total() == 1).await;
        claimed.remove(0)
    }

    /// Promotes until a job of this kind can be claimed.
    pub async fn claim_when_due(&self, kind: &str) -> Claimed {
        let mut claimed = Vec::new();
        eventually(async || {
            self.queue.promote(100).await.unwrap();
            claimed.extend(self.claim(kind, 1).await);
            !claimed.is_empty()
        })
        .await;
        claimed.remove(0)
    }
}

pub fn done(result: &str) -> Outcome {
    Outcome::Done { result: result.as_bytes().to_vec() }
}

pub fn failed(retry: bool) -> Outcome {
    Outcome::Failed { error: "it broke".to_owned(), retry }
}

/// Looks again and again until it is so.
pub async fn eventually(mut look: impl AsyncFnMut() -> bool) {
    let mut pause = tokio::time::interval(Duration::from_millis(2));
    let all = async {
        while !look().await {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("this should have come to be");
}
