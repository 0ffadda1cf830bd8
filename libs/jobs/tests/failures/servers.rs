//! Redis restarted, frozen, demoted, and robbed.

use std::{os::unix::fs::symlink, time::Duration};

use jobs::{Queue, Receipt, RedisOptions, RedisQueue, State, Topology};
use testkit::Redis;

use super::scene::{LEASE, PATIENCE, Scene, claim, eventually, finish, job, name, options, policies};

/// A consumer as services have it: it claims, and waits when there is nothing.
pub async fn consume(queue: &RedisQueue, patience: Duration) -> jobs::Claimed {
    let kinds = [name("work")];
    let work = async {
        loop {
            if let Some(job) = claim(queue, "work", 1, LEASE).await.pop() {
                return job;
            }
            queue.wait(&kinds, Duration::from_millis(300)).await;
        }
    };
    tokio::time::timeout(patience, work).await.expect("the consumer should have found the job")
}

/// 4: Redis goes away while a consumer waits, and comes back; what was acknowledged is there.
#[tokio::test]
async fn a_restart_loses_nothing_and_ends_no_consumer() {
    let mut scene = Scene::at(Redis::durable().unwrap());
    let kept = scene.add("other").await;
    let consumer = scene.queue.clone();
    let mischief = async {
        blocked(&scene.redis).await;
        scene.redis.kill().unwrap();
        scene.redis.restart().unwrap();
        assert_eq!(scene.state(kept).await, State::Ready);
        scene.add("work").await
    };
    let (job, id) = tokio::join!(consume(&consumer, PATIENCE), mischief);
    assert_eq!(job.ticket.id, id);
    assert_eq!(finish(&scene.queue, &job).await, Receipt::Accepted);
}

/// 4, frozen: the connections stay open and nobody answers, for longer than any call waits.
#[tokio::test]
async fn a_frozen_server_ends_no_consumer() {
    let scene = Scene::new();
    let consumer = scene.hasty(Duration::from_millis(200));
    let mischief = async {
        blocked(&scene.redis).await;
        scene.redis.freeze().unwrap();
        let late = consumer.ping().await;
        assert!(late.is_err(), "a frozen server does not answer");
        scene.redis.thaw().unwrap();
        scene.add("work").await
    };
    let (job, id) = tokio::join!(consume(&consumer, PATIENCE), mischief);
    assert_eq!(job.ticket.id, id);
}

/// The consumer waits in a blocking call.
pub async fn blocked(redis: &Redis) {
    eventually(async || redis.ask(&["CLIENT", "LIST"]).unwrap().contains("cmd=blpop")).await;
}

/// 5: the primary is demoted under standing connections, and the address leads to another one.
#[tokio::test]
async fn connections_to_a_demoted_server_are_left() {
    let (old, new) = (Redis::start().unwrap(), Redis::start().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("primary");
    let path = |redis: &Redis| redis.url().trim_start_matches("unix://").to_owned();
    symlink(path(&old), &address).unwrap();
    let queue = RedisQueue::new(options(format!("unix://{}", address.display())), policies()).unwrap();
    // Several connections stand in the pool.
    let calls = (0..4).map(|_| queue.stats());
    for stats in futures::future::join_all(calls).await {
        stats.unwrap();
    }
    let before = queue.enqueue(vec![job("work")]).await.remove(0).unwrap();
    assert_eq!(old.ask(&["REPLICAOF", "127.0.0.1", "1"]).unwrap(), "+OK");
    std::fs::remove_file(&address).unwrap();
    symlink(path(&new), &address).unwrap();
    // Every kind of call is told READONLY once, and finds the new primary by itself.
    let after = queue.enqueue(vec![job("work")]).await.remove(0).unwrap();
    assert_ne!(after.id, before.id);
    let claimed = claim(&queue, "work", 5, LEASE).await;
    assert_eq!(claimed.iter().map(|job| job.ticket.id).collect::<Vec<_>>(), [after.id]);
    for _ in 0..8 {
        queue.promote(1).await.unwrap();
    }
}

/// 6: a job that runs and has no lease, as after half a restored backup, is found all the same.
#[tokio::test]
async fn a_run_without_a_lease_is_found() {
    let scene = Scene::new();
    scene.add_many("other", 300).await;
    let id = scene.add("work").await;
    let lost = scene.claim("work", 1, Duration::from_mins(5)).await;
    assert_eq!(scene.queue.sweep(10).await.unwrap().mended, 0);
    assert_eq!(scene.redis.ask(&["DEL", "{q:queue:0}:lease"]).unwrap(), ":1");
    eventually(async || scene.queue.sweep(10).await.unwrap().mended == 1).await;
    scene.reap(1).await;
    assert_eq!(scene.claim("work", 1, LEASE).await[0].ticket.id, id);
    assert_eq!(finish(&scene.queue, &lost[0]).await, Receipt::Rejected);
}

/// A cluster of one server: every key has to be in the slot of its shard, or the server refuses.
#[tokio::test]
async fn a_cluster_takes_every_script() {
    let (redis, _bus) = Redis::member(&[]).unwrap();
    assert_eq!(redis.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).unwrap(), "+OK");
    eventually(async || redis.ask(&["CLUSTER", "INFO"]).unwrap().contains("cluster_state:ok")).await;
    let url = format!("redis://127.0.0.1:{}", redis.port().unwrap());
    let options = RedisOptions { topology: Topology::Cluster, shards: 4, ..options(url) };
    let queue = RedisQueue::new(options, policies()).unwrap();
    queue.ping().await.unwrap();
    let jobs = (0..40).map(|tenant| {
        let tenant = name(&format!("tenant{tenant}"));
        jobs::NewJob { tenant, ..job("work") }
    });
    for entered in queue.enqueue(jobs.collect()).await {
        entered.unwrap();
    }
    assert_eq!(redis.ask(&["SCRIPT", "FLUSH"]).unwrap(), "+OK");
    queue.wait(&[name("work")], PATIENCE).await;
    let claimed = claim(&queue, "work", 100, LEASE).await;
    assert_eq!(claimed.len(), 40);
    for job in &claimed {
        assert_eq!(finish(&queue, job).await, Receipt::Accepted);
    }
    assert_eq!(queue.reap(10).await.unwrap().total(), 0);
    assert_eq!(queue.sweep(10).await.unwrap().mended, 0);
    assert_eq!(queue.stats().await.unwrap().total().attempts, 40);
}

/// A job whose payload was lost, as in half a restored backup, does not take those along that are claimed with it.
#[tokio::test]
async fn a_job_that_cannot_be_read_runs_alone_into_its_end() {
    let scene = Scene::new();
    let ids = scene.add_many("work", 3).await;
    let stored = ids[1].to_string();
    let body = format!("{{q:queue:0}}:b:{}", &stored[..32]);
    assert_eq!(scene.redis.ask(&["DEL", &body]).unwrap(), ":1");
    let claimed = scene.claim("work", 3, LEASE).await;
    assert_eq!(claimed.iter().map(|job| job.ticket.id).collect::<Vec<_>>(), [ids[0], ids[2]]);
    for job in &claimed {
        finish(&scene.queue, job).await;
    }
    while scene.state(ids[1]).await != State::Dead {
        scene.reap(1).await;
        assert!(scene.claim("work", 1, LEASE).await.is_empty());
    }
}
