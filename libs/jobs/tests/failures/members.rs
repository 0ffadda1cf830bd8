//! A cluster of three, with shards on each: whole, moving a slot, and after one member is gone.

use std::{collections::BTreeSet, time::Duration};

use fault::{Fault, Kind};
use jobs::{JobId, NewJob, Queue, Receipt, RedisOptions, RedisQueue, Topology};
use testkit::{Cluster, Redis};

use super::{
    scene::{PATIENCE, claim, eventually, finish, job, name, options, policies},
    servers::consume,
};

const SHARDS: u16 = 6;
const LONG: Duration = Duration::from_mins(10);

fn queue(cluster: &Cluster) -> RedisQueue {
    let options = RedisOptions {
        urls: cluster.urls(),
        topology: Topology::Cluster,
        shards: SHARDS,
        ..options(String::new())
    };
    RedisQueue::new(options, policies()).unwrap()
}

fn slot(cluster: &Cluster, shard: u16) -> u16 {
    let key = format!("{{q:queue:{shard}}}:");
    said(&cluster.members[0], &["CLUSTER", "KEYSLOT", &key]).trim_start_matches(':').parse().unwrap()
}

/// Which member a shard begins at.
fn home(cluster: &Cluster, shard: u16) -> usize {
    (0..3).position(|primary| Cluster::slots(primary).contains(&slot(cluster, shard))).unwrap()
}

/// What a server says; nothing while it is away.
fn said(redis: &Redis, words: &[&str]) -> String {
    redis.ask(words).unwrap_or_default()
}

/// The words of an answer that is a list, or a single one.
fn words(answer: &str) -> Vec<&str> {
    answer.split("\r\n").filter(|line| !line.starts_with(['*', '$'])).collect()
}

/// A job of one of many tenants, which live in all shards.
fn spread(number: usize) -> NewJob {
    NewJob { tenant: name(&format!("tenant{}", number % 30)), ..job("work") }
}

/// Enqueues and works until so many jobs are done, while something happens to the cluster. Nobody sees another error
/// than that a member is away, nothing that was taken in is lost, and nothing runs twice.
struct Crowd {
    queue: RedisQueue,
    taken: BTreeSet<JobId>,
    ended: BTreeSet<JobId>,
}

impl Crowd {
    fn new(cluster: &Cluster) -> Self {
        Self { queue: queue(cluster), taken: BTreeSet::new(), ended: BTreeSet::new() }
    }

    /// One turn; how many of its jobs were taken in.
    async fn turn(&mut self) -> usize {
        let taken = self.add().await;
        self.work().await;
        taken
    }

    async fn add(&mut self) -> usize {
        let mut taken = 0;
        let jobs = (0..30).map(|number| spread(self.taken.len() + number)).collect();
        for entered in self.queue.enqueue(jobs).await {
            match entered {
                Ok(entered) => taken += usize::from(self.taken.insert(entered.id)),
                Err(away) => assert_eq!(away.kind(), Kind::Unavailable, "{}", fault::Chain(&away)),
            }
        }
        taken
    }

    async fn work(&mut self) {
        for run in claim(&self.queue, "work", 100, LONG).await {
            assert!(!self.ended.contains(&run.ticket.id), "nothing that has run runs again");
            let end = jobs::Finish {
                ticket: run.ticket.clone(),
                outcome: jobs::Outcome::Done { result: Vec::new() },
            };
            eventually(async || match self.queue.finish(vec![end.clone()]).await.remove(0) {
                // Its first answer may have been lost on the way.
                Ok(receipt) => receipt != Receipt::Rejected || panic!("{run:?}"),
                Err(away) => away.kind() != Kind::Unavailable,
            })
            .await;
            self.ended.insert(run.ticket.id);
        }
    }

    /// Works off what is left. All that was taken in has ended.
    async fn drain(&mut self) {
        eventually(async || {
            self.work().await;
            self.taken.is_subset(&self.ended)
        })
        .await;
        let total = self.queue.stats().await.unwrap().total();
        assert_eq!((total.ready, total.running, total.dead, total.zombies), (0, 0, 0, 0));
        assert_eq!(self.queue.sweep(100).await.unwrap().mended, 0);
    }
}

#[tokio::test]
async fn a_cluster_of_three_has_a_part_of_the_queue_each() {
    let cluster = Cluster::start(0).unwrap();
    let homes: BTreeSet<_> = (0..SHARDS).map(|shard| home(&cluster, shard)).collect();
    assert_eq!(homes.len(), 3, "the shards are spread");
    let mut crowd = Crowd::new(&cluster);
    while crowd.taken.len() < 300 {
        crowd.turn().await;
        for member in &cluster.members {
            assert_eq!(said(member, &["SCRIPT", "FLUSH"]), "+OK");
        }
    }
    crowd.drain().await;
    // The bell rings from every member.
    for number in 0..9 {
        let ring = async {
            let waits = |member: &Redis| said(member, &["CLIENT", "LIST"]).contains("cmd=blpop");
            eventually(async || cluster.members.iter().all(waits)).await;
            crowd.queue.enqueue(vec![spread(number)]).await.remove(0).unwrap().id
        };
        let (heard, id) = tokio::join!(consume(&crowd.queue, PATIENCE), ring);
        assert_eq!(heard.ticket.id, id);
        assert_eq!(finish(&crowd.queue, &heard).await, Receipt::Accepted);
    }
}

/// The keys of a slot go from one member to another a few at a time, and no script may run on half of them.
#[tokio::test]
async fn a_slot_moves_under_a_crowd() {
    let cluster = Cluster::start(0).unwrap();
    let slot = slot(&cluster, 0).to_string();
    let (from, to) = (home(&cluster, 0), (home(&cluster, 0) + 1) % 3);
    let (source, target) = (&cluster.members[from], &cluster.members[to]);
    let id = |member: &Redis| words(&said(member, &["CLUSTER", "MYID"]))[0].to_owned();
    let (source_id, target_id) = (id(source), id(target));
    let port = target.port().unwrap().to_string();
    let mut crowd = Crowd::new(&cluster);
    for _ in 0..5 {
        assert_eq!(crowd.turn().await, 30);
    }
    // Some wait there while it moves.
    let waiting = crowd.queue.enqueue((0..60).map(spread).collect()).await;
    crowd.taken.extend(waiting.into_iter().map(|entered| entered.unwrap().id));

    assert_eq!(said(target, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]), "+OK");
    assert_eq!(said(source, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]), "+OK");
    let mut moves = 0;
    loop {
        let keys = said(source, &["CLUSTER", "GETKEYSINSLOT", &slot, "10"]);
        let keys = words(&keys);
        if keys.is_empty() {
            break;
        }
        let migrate = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        assert_eq!(said(source, &[&migrate, &keys[..]].concat()), "+OK");
        moves += 1;
        if moves == 1 {
            // In the middle the other shards go on, and this one is closed.
            let taken = crowd.add().await;
            assert!((1..30).contains(&taken), "{taken}");
        }
    }
    assert!(moves > 1, "{moves}");
    for member in [target, source] {
        assert_eq!(said(member, &["CLUSTER", "SETSLOT", &slot, "NODE", &target_id]), "+OK");
    }
    eventually(async || crowd.turn().await == 30).await;
    crowd.drain().await;
    assert!(said(target, &["CLUSTER", "COUNTKEYSINSLOT", &slot]) != ":0");
    assert_eq!(said(source, &["CLUSTER", "COUNTKEYSINSLOT", &slot]), ":0");
}

#[tokio::test]
async fn a_member_dies_and_its_replica_takes_over() {
    let mut cluster = Cluster::start(1).unwrap();
    let primary = words(&said(&cluster.members[0], &["CLUSTER", "MYID"]))[0].to_owned();
    eventually(async || said(&cluster.members[3], &["CLUSTER", "REPLICATE", &primary]) == "+OK").await;
    let caught_up = |cluster: &Cluster| {
        let info = said(&cluster.members[0], &["INFO", "replication"]);
        let of =
            |field: &str| info.split_once(field).map(|(_, rest)| rest.split([',', '\r']).next().unwrap());
        of("master_repl_offset:") == of(",offset=")
    };
    // The others have to know of it before they are asked for their vote.
    eventually(async || {
        let knows =
            |member: &Redis| said(member, &["CLUSTER", "NODES"]).contains(&format!("slave {primary}"));
        cluster.members.iter().all(knows)
    })
    .await;
    let mut crowd = Crowd::new(&cluster);
    assert_eq!(crowd.turn().await, 30);
    let waiting = crowd.queue.enqueue((0..60).map(spread).collect()).await;
    crowd.taken.extend(waiting.into_iter().map(|entered| entered.unwrap().id));
    eventually(async || caught_up(&cluster)).await;
    cluster.members[0].kill().unwrap();
    eventually(async || crowd.turn().await == 30).await;
    assert!(said(&cluster.members[3], &["ROLE"]).contains("master"));
    crowd.drain().await;
    let lone = crowd.queue.enqueue(vec![spread(0)]).await.remove(0).unwrap();
    assert_eq!(consume(&crowd.queue, PATIENCE).await.ticket.id, lone.id);
}
