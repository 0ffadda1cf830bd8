//! A primary, its replica, and three sentinels that put the one in the other's place.

use std::{collections::BTreeSet, time::Duration};

use fault::{Fault, Kind};
use jobs::{JobId, JobsError, Queue, Receipt, RedisOptions, RedisQueue, State, Topology};
use testkit::Redis;

use super::{
    scene::{LEASE, PATIENCE, claim, eventually, finish, job, options, policies},
    servers::{blocked, consume},
};

/// Longer than a busy machine keeps a server from answering.
const DOWN_AFTER: &str = "1000";
/// How often the sentinels look and speak, in milliseconds; by default up to 10 seconds.
const PERIODS: [&str; 4] = ["INFO-PERIOD", "PING-PERIOD", "ASK-PERIOD", "PUBLISH-PERIOD"];
const LONG: Duration = Duration::from_mins(10);

struct Watched {
    primary: Redis,
    replica: Redis,
    sentinels: Vec<Redis>,
}

impl Watched {
    async fn new() -> Self {
        let primary = Redis::listening(&["--repl-diskless-sync-delay", "0"]).unwrap();
        let port = primary.port().unwrap().to_string();
        let replica =
            Redis::listening(&["--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", &port])
                .unwrap();
        eventually(async || said(&primary, &["INFO", "replication"]).contains("state=online")).await;
        let orders = format!(
            "sentinel monitor queue 127.0.0.1 {port} 2\n\
             sentinel down-after-milliseconds queue {DOWN_AFTER}\n\
             sentinel failover-timeout queue 10000\n"
        );
        let sentinels: Vec<_> = (0..3).map(|_| Redis::sentinel(&orders).unwrap()).collect();
        let knows_all = |sentinel: &Redis| {
            let master = said(sentinel, &["SENTINEL", "MASTER", "queue"]).replace("\r\n", " ");
            master.contains("num-slaves $1 1") && master.contains("num-other-sentinels $1 2")
        };
        let watched = Self { primary, replica, sentinels };
        for period in &PERIODS {
            watched.set_period(period, "100");
        }
        eventually(async || watched.sentinels.iter().all(knows_all)).await;
        watched
    }

    fn set_period(&self, period: &str, millis: &str) {
        for sentinel in &self.sentinels {
            assert_eq!(said(sentinel, &["SENTINEL", "DEBUG", period, millis]), "+OK");
        }
    }

    fn queue(&self) -> RedisQueue {
        let ports = self.sentinels.iter().map(|sentinel| sentinel.port().unwrap());
        let urls = ports.map(|port| format!("redis://127.0.0.1:{port}")).collect();
        let options = RedisOptions {
            urls,
            topology: Topology::Sentinel,
            service: "queue".to_owned(),
            ..options(String::new())
        };
        RedisQueue::new(options, policies()).unwrap()
    }

    /// The replica has what the primary has.
    async fn caught_up(&self) {
        eventually(async || {
            let info = said(&self.primary, &["INFO", "replication"]);
            let of =
                |field: &str| info.split_once(field).unwrap().1.split([',', '\r']).next().unwrap().to_owned();
            of("master_repl_offset:") == of(",offset=")
        })
        .await;
    }
}

/// What a server says; nothing while it is away.
fn said(redis: &Redis, words: &[&str]) -> String {
    redis.ask(words).unwrap_or_default()
}

/// Enqueues until somebody takes it; a failover is no other error than that nobody is there.
async fn add_in_time(queue: &RedisQueue) -> JobId {
    let mut id = None;
    eventually(async || {
        match queue.enqueue(vec![job("work")]).await.remove(0) {
            Ok(entered) => id = Some(entered.id),
            Err(away) => assert_eq!(away.kind(), Kind::Unavailable, "{away}"),
        }
        id.is_some()
    })
    .await;
    id.unwrap()
}

async fn claim_all(queue: &RedisQueue, most: u32) -> Vec<jobs::Claimed> {
    claim(queue, "bulk", most, LONG).await
}

#[tokio::test]
async fn the_queue_goes_on_at_the_promoted_replica() {
    let mut watched = Watched::new().await;
    let (queue, consumer) = (watched.queue(), watched.queue());
    // Several connections stand in the pool.
    for entered in futures::future::join_all((0..60).map(|_| queue.enqueue(vec![job("bulk")]))).await {
        entered[0].as_ref().unwrap();
    }
    let mut ended = BTreeSet::new();
    for run in claim_all(&queue, 20).await {
        assert_eq!(finish(&queue, &run).await, Receipt::Accepted);
        ended.insert(run.ticket.id);
    }
    let held = claim_all(&queue, 20).await;
    let mischief = async {
        blocked(&watched.primary).await;
        watched.caught_up().await;
        watched.primary.kill().unwrap();
        add_in_time(&queue).await
    };
    let (heard, id) = tokio::join!(consume(&consumer, PATIENCE), mischief);
    assert_eq!(heard.ticket.id, id, "who waits at the killed server waits at the new one");
    assert!(said(&watched.replica, &["ROLE"]).contains("master"));

    for run in held {
        assert_eq!(finish(&queue, &run).await, Receipt::Accepted, "its owner has lived through it");
        assert!(ended.insert(run.ticket.id));
    }
    for run in claim_all(&queue, 100).await {
        assert!(ended.insert(run.ticket.id), "nothing that has run runs again");
        assert_eq!(finish(&queue, &run).await, Receipt::Accepted);
    }
    assert_eq!(ended.len(), 60);
    assert_eq!(queue.reap(10).await.unwrap().total(), 0);

    // The old one comes back, is made a replica, and takes its turn again while connections to the other stand.
    watched.primary.restart().unwrap();
    eventually(async || said(&watched.replica, &["INFO", "replication"]).contains("state=online")).await;
    // A sentinel that hears late of what another does would undo it after four of these.
    watched.set_period("PUBLISH-PERIOD", "1000");
    eventually(async || said(&watched.sentinels[0], &["SENTINEL", "FAILOVER", "queue"]) == "+OK").await;
    eventually(async || said(&watched.primary, &["ROLE"]).contains("master")).await;
    eventually(async || said(&watched.replica, &["ROLE"]).contains("slave")).await;
    let id = add_in_time(&queue).await;
    assert_eq!(consume(&consumer, PATIENCE).await.ticket.id, id);
    for stats in futures::future::join_all((0..8).map(|_| queue.stats())).await {
        stats.unwrap();
    }
}

/// Replication is not waited for, so what the replica has not heard of is gone with the primary. What must not happen
/// even then is that two runs are believed.
#[tokio::test]
async fn what_was_not_replicated_is_lost_and_its_fence_is_not_given_again() {
    let mut watched = Watched::new().await;
    let queue = watched.queue();
    let id = queue.enqueue(vec![job("work")]).await.remove(0).unwrap().id;
    watched.caught_up().await;
    // Not only silent but cut off, or what is under way would still be read.
    watched.replica.freeze().unwrap();
    watched.primary.ask(&["CLIENT", "KILL", "TYPE", "replica"]).unwrap();
    let forgotten = claim(&queue, "work", 1, LONG).await;
    assert_eq!(forgotten[0].ticket.id, id);
    let lost = queue.enqueue(vec![job("lost")]).await.remove(0).unwrap().id;
    watched.primary.kill().unwrap();
    watched.replica.thaw().unwrap();

    let mut again = Vec::new();
    eventually(async || {
        again.extend(claim(&queue, "work", 1, LEASE).await);
        !again.is_empty()
    })
    .await;
    assert_eq!(again[0].ticket.id, id);
    assert_ne!(again[0].ticket.fence, forgotten[0].ticket.fence);
    assert_eq!(finish(&queue, &forgotten[0]).await, Receipt::Rejected);
    assert_eq!(finish(&queue, &again[0]).await, Receipt::Accepted);
    assert_eq!(queue.get(id).await.unwrap().state, State::Done);
    assert!(matches!(queue.get(lost).await, Err(JobsError::NotFound { .. })));
}

#[tokio::test]
async fn a_name_that_no_sentinel_knows_names_its_flag() {
    let sentinel = Redis::sentinel("").unwrap();
    let url = format!("redis://127.0.0.1:{}", sentinel.port().unwrap());
    let options = RedisOptions { topology: Topology::Sentinel, ..options(url) };
    let unknown = RedisQueue::new(options, policies()).unwrap().ping().await.unwrap_err();
    let said = fault::Chain(&unknown).to_string();
    assert!(said.contains("--redis-service"), "{said}");
}
