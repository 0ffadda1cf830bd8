//! What is measured.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jobs::{JobId, Limits, Name, NewJob, Payload, Policies, Queue, RedisOptions, RedisQueue};

use super::{
    Arguments, wait_for_word,
    worker::{Handler, Worker},
};

const BULK: usize = 100;
/// Between two jobs whose pick-up is measured.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

pub(super) fn job() -> NewJob {
    NewJob::new(name("noop"), name("tenant"), Payload::Inline(vec![b'x'; 512]))
}

pub(super) async fn queue(arguments: &Arguments) -> RedisQueue {
    let options = RedisOptions::new(arguments.url.clone(), name("bench"));
    let queue = RedisQueue::new(options, Policies::default()).unwrap();
    queue.set_limits(&Limits { depth: 10_000_000, ..Limits::default() }).await.unwrap();
    queue
}

async fn fill(queue: &RedisQueue, count: usize) {
    for start in (0..count).step_by(BULK) {
        let jobs = (start..count.min(start + BULK)).map(|_| job()).collect();
        for answer in queue.enqueue(jobs).await {
            assert!(answer.unwrap().is_new);
        }
    }
}

/// Jobs that stand in line in this order, under the names that the scripts know them by.
pub(super) async fn fill_in_order(queue: &RedisQueue, count: usize) -> Vec<String> {
    let jobs: Vec<_> = (0..count).map(|_| job()).collect();
    let ids = jobs.iter().map(|job| job.unique.simple().to_string()).collect();
    for part in jobs.chunks(BULK) {
        for answer in queue.enqueue(part.to_vec()).await {
            assert!(answer.unwrap().is_new);
        }
    }
    ids
}

fn report(jobs: usize, time: Duration, exact: bool) -> String {
    format!(r#"{{"jobs": {jobs}, "seconds": {}, "exact": {exact}}}"#, time.as_secs_f64())
}

pub(super) async fn enqueue(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    wait_for_word();
    let begin = Instant::now();
    for _ in 0..arguments.jobs {
        queue.enqueue(vec![job()]).await.remove(0).unwrap();
    }
    let time = begin.elapsed();
    report(arguments.jobs, time, waiting(&queue).await == arguments.jobs)
}

pub(super) async fn bulk(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    wait_for_word();
    let begin = Instant::now();
    fill(&queue, arguments.jobs).await;
    let time = begin.elapsed();
    report(arguments.jobs, time, waiting(&queue).await == arguments.jobs)
}

pub(super) async fn drain(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    fill(&queue, arguments.jobs).await;
    wait_for_word();
    let begin = Instant::now();
    let exact = run_all(&queue, arguments).await;
    let time = begin.elapsed();
    report(arguments.jobs, time, exact && waiting(&queue).await == 0)
}

pub(super) async fn life(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    fill(&queue, arguments.waiting).await;
    wait_for_word();
    let begin = Instant::now();
    fill(&queue, arguments.jobs).await;
    let exact = run_all(&queue, arguments).await;
    let time = begin.elapsed();
    report(arguments.jobs, time, exact && waiting(&queue).await == arguments.waiting)
}

/// Whether exactly as many jobs as were asked for ran, each once, and all were recorded.
async fn run_all(queue: &RedisQueue, arguments: &Arguments) -> bool {
    let worker = Worker::new(queue.clone(), arguments.concurrency, Handler::Count(Mutex::default()));
    let accepted = worker.run(arguments.jobs).await;
    let Handler::Count(seen) = &worker.handler else { return false };
    let mut ids = seen.lock().unwrap().clone();
    ids.sort_unstable();
    ids.dedup();
    accepted == arguments.jobs && ids.len() == arguments.jobs
}

async fn waiting(queue: &RedisQueue) -> usize {
    let total = queue.stats().await.unwrap().total();
    (total.ready + total.running) as usize
}

pub(super) async fn pick_up(arguments: &Arguments) -> String {
    let queue = queue(arguments).await;
    let producer = queue.apart().unwrap();
    let seen: Arc<Mutex<HashMap<JobId, Instant>>> = Arc::default();
    let worker = Worker::new(queue.clone(), arguments.concurrency, Handler::Note(Arc::clone(&seen)));
    wait_for_word();
    let produce = async {
        let mut clock = tokio::time::interval(PAUSE);
        let mut sent = Vec::new();
        for _ in 0..arguments.jobs {
            clock.tick().await;
            let begin = Instant::now();
            sent.push((producer.enqueue(vec![job()]).await.remove(0).unwrap().id, begin));
        }
        sent
    };
    let (accepted, sent) = tokio::join!(worker.run(arguments.jobs), produce);
    let seen = seen.lock().unwrap();
    let waits: Vec<_> = sent.iter().map(|(id, begin)| (seen[id] - *begin).as_secs_f64() * 1e3).collect();
    let exact = accepted == arguments.jobs && seen.len() == arguments.jobs;
    format!(r#"{{"jobs": {}, "waits_ms": {waits:?}, "exact": {exact}}}"#, arguments.jobs)
}
