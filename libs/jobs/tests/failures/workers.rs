//! Workers that are killed, stopped, poisoned, doubled and replaced.

use std::{collections::BTreeMap, time::Duration};

use jobs::{Queue, State};
use rustix::process::Signal;

use super::{
    process::Process,
    scene::{LEASE, Scene, eventually, finish, name},
};

/// 1: killed in the middle of a job, which another finds without anybody being restarted.
#[tokio::test]
async fn the_job_of_a_killed_worker_runs_elsewhere() {
    let scene = Scene::new();
    let id = scene.add("work").await;
    let mut worker = Process::start(&scene.redis.url(), "a", LEASE);
    worker.order("claim");
    worker.hear("claimed 1");
    worker.signal(Signal::KILL);
    assert!(scene.claim("work", 1, LEASE).await.is_empty());
    scene.reap(1).await;
    let again = scene.claim("work", 1, LEASE).await;
    assert_eq!((again[0].ticket.id, again[0].recoveries, again[0].ticket.attempt), (id, 1, 1));
    finish(&scene.queue, &again[0]).await;
    assert_eq!(scene.state(id).await, State::Done);
}

/// 2: stopped beyond its lease and woken, it is refused whatever it says, and its heart has told it.
#[tokio::test]
async fn a_stopped_worker_that_wakes_is_refused() {
    let scene = Scene::new();
    let id = scene.add("work").await;
    let mut worker = Process::start(&scene.redis.url(), "a", LEASE);
    worker.order("claim");
    worker.hear("claimed 1");
    worker.order("hold");
    worker.hear("holding");
    worker.signal(Signal::STOP);
    scene.reap(1).await;
    let owner = scene.claim("work", 1, Duration::from_mins(1)).await;
    worker.signal(Signal::CONT);
    worker.hear("ended Lost");
    worker.order("speak");
    let said = worker.hear("spoken");
    let refused = format!("Ok(Rejected) {id}");
    let refused = ["beat Lost", &refused, &refused, &refused];
    assert_eq!(said[..4], refused, "while another has the job");

    finish(&scene.queue, &owner[0]).await;
    worker.order("speak");
    assert_eq!(worker.hear("spoken")[..4], refused, "after another ended it");
    let ended = scene.queue.get(id).await.unwrap();
    assert_eq!((ended.state, ended.result), (State::Done, Some(b"good".to_vec())));
    assert_eq!((ended.error, ended.progress), (None, None));
    assert!(scene.queue.stats().await.unwrap().total().zombies >= 8);
}

/// 8: a job that takes every worker with it dies itself, and no handler's failure is counted.
#[tokio::test]
async fn a_poison_job_dies_and_the_others_live() {
    let scene = Scene::new();
    let poison = scene.add("poison").await;
    for _ in 0..3 {
        let mut worker = Process::start(&scene.redis.url(), "victim", LEASE);
        worker.order("serve");
        worker.last_words();
        scene.reap(1).await;
    }
    let dead = scene.queue.get(poison).await.unwrap();
    assert_eq!((dead.state, dead.recoveries, dead.attempts), (State::Dead, 3, 0));
    let mut worker = Process::start(&scene.redis.url(), "survivor", LEASE);
    worker.order("serve");
    let id = scene.add("work").await;
    worker.hear(&format!("Ok(Accepted) {id}"));
}

/// 9: two processes with one name are two owners all the same.
#[tokio::test]
async fn one_name_for_two_workers_confuses_nobody() {
    let scene = Scene::new();
    let id = scene.add("work").await;
    let mut first = Process::start(&scene.redis.url(), "same", LEASE);
    first.order("claim");
    first.hear("claimed 1");
    scene.reap(1).await;
    let mut second = Process::start(&scene.redis.url(), "same", LEASE * 20);
    second.order("claim");
    second.hear("claimed 1");
    first.order("speak");
    assert_eq!(first.hear("spoken")[0], "beat Lost");
    second.order("finish");
    second.hear(&format!("Ok(Accepted) {id}"));
    first.order("finish");
    first.hear(&format!("Ok(Rejected) {id}"));
}

/// 10: workers are replaced one after the other, and every job runs once.
#[tokio::test]
async fn a_rolling_restart_runs_every_job_once() {
    const JOBS: usize = 1_500;
    let scene = Scene::new();
    let ids = scene.add_many("work", JOBS).await;
    // A lease that outlasts the test: only a release can bring a job back.
    let start = |number: usize| {
        let mut worker =
            Process::start(&scene.redis.url(), &format!("worker{number}"), Duration::from_mins(5));
        worker.order("serve");
        worker
    };
    let mut workers: Vec<_> = (0..3).map(start).collect();
    let mut said = Vec::new();
    for number in 3..7 {
        let mut old = workers.remove(0);
        said.extend(old.hear("Ok(Accepted)"));
        old.signal(Signal::TERM);
        said.extend(old.last_words());
        workers.push(start(number));
    }
    eventually(async || {
        let total = scene.queue.stats().await.unwrap().total();
        total.ready + total.running == 0
    })
    .await;
    for mut worker in workers {
        worker.signal(Signal::TERM);
        said.extend(worker.last_words());
    }
    let mut runs: BTreeMap<&str, u32> = BTreeMap::new();
    for id in said.iter().filter_map(|line| line.strip_prefix("Ok(Accepted) ")) {
        *runs.entry(id).or_default() += 1;
    }
    assert_eq!(runs.len(), ids.len());
    assert!(runs.values().all(|runs| *runs == 1));
    let stats = scene.queue.stats().await.unwrap();
    let work = &stats.kinds[&name("work")];
    assert_eq!((work.recoveries, work.zombies), (0, 0));
    assert!(said.iter().any(|line| line.starts_with("released ")), "a signal came in the middle");
}
