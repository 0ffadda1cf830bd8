//! How fast the queue is on one Redis: `cargo run --release -p jobs --example throughput -- --redis-url unix:///path`.
//!
//! Empties the database first. Prints, for jobs of 512 bytes that do nothing: enqueueing one by one, by a hundred tasks
//! and in bulk; draining by 1, 10 and 100 workers; the same scripts driven without our client; Redis's own time for
//! each job; and the wait of a job that comes to idle workers.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use deadpool_redis::redis;
use jobs::{
    ClaimRequest, Claimed, Finish, Limits, Name, NewJob, Outcome, Payload, Policies, Queue, RedisArguments,
    RedisQueue,
};
use tokio::task::JoinSet;

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    redis: RedisArguments,
    /// Jobs of each measurement.
    #[arg(long, default_value_t = 100_000)]
    jobs: usize,
    /// Tenants that they belong to.
    #[arg(long, default_value_t = 1)]
    tenants: usize,
    /// Only the measurements whose name has this in it: enqueue, drain 1, drain 10, drain 100, scripts, pick-up.
    #[arg(long, default_value = "")]
    only: String,
    /// Further jobs that wait all the time, to show that their number does not matter.
    #[arg(long, default_value_t = 0)]
    backlog: usize,
}

struct Bench {
    queue: Arc<RedisQueue>,
    client: redis::Client,
    arguments: Arguments,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let options = arguments.redis.clone().options().unwrap();
    let client = redis::Client::open(options.urls[0].clone()).unwrap();
    let queue = Arc::new(RedisQueue::new(options, Policies::default()).unwrap());
    let bench = Bench { queue, client, arguments };
    let count = bench.arguments.jobs;
    if bench.wants("enqueue") {
        bench.reset().await;
        let single = bench.enqueue(1, count / 5).await;
        bench.report("enqueue one by one", count / 5, single);
        bench.reset().await;
        let parallel = bench.enqueue(100, count).await;
        bench.report("enqueue by 100 tasks", count, parallel);
        bench.reset().await;
        let bulk = bench.enqueue_bulk(count, "kind").await;
        bench.report("enqueue in bulk of 50", count, bulk);
    }
    for workers in [1, 10, 100].into_iter().filter(|workers| bench.wants(&format!("drain {workers}"))) {
        bench.fill(count).await;
        let time = bench.drain(workers, count).await;
        bench.report(&format!("drain by {workers}"), count, time);
    }
    if bench.wants("scripts") {
        bench.fill(count).await;
        let ceiling = bench.ceiling(count).await;
        bench.report("scripts alone, by 50", count, ceiling);
    }
    if bench.wants("pick-up") {
        bench.pick_up().await;
    }
}

impl Bench {
    fn name(text: &str) -> Name {
        Name::new("name", text).unwrap()
    }

    fn job(&self, number: usize, kind: &str) -> NewJob {
        let tenant = Self::name(&format!("tenant{}", number % self.arguments.tenants));
        NewJob::new(Self::name(kind), tenant, Payload::Inline(vec![b'x'; 512]))
    }

    async fn reset(&self) {
        let mut connection = self.client.get_connection().unwrap();
        redis::cmd("FLUSHALL").exec(&mut connection).unwrap();
        self.queue.set_limits(&Limits { depth: 10_000_000, ..Limits::default() }).await.unwrap();
        self.enqueue_bulk(self.arguments.backlog, "kind").await;
        self.reset_counts();
    }

    fn wants(&self, measurement: &str) -> bool {
        measurement.contains(&self.arguments.only)
    }

    async fn fill(&self, count: usize) {
        self.reset().await;
        self.enqueue_bulk(count, "kind").await;
        self.reset_counts();
    }

    fn reset_counts(&self) {
        let mut connection = self.client.get_connection().unwrap();
        redis::cmd("CONFIG").arg("RESETSTAT").exec(&mut connection).unwrap();
    }

    /// What a measurement says, and how long Redis's thread was in our scripts for each job.
    fn report(&self, what: &str, count: usize, time: Duration) {
        let mut connection = self.client.get_connection().unwrap();
        let info: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
        let script = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).unwrap_or("");
        let field = |name: &str| {
            let found = script.split(',').find_map(|field| field.strip_prefix(name));
            found.and_then(|value| value.parse::<f64>().ok()).unwrap_or_default()
        };
        let (micros, calls) = (field("usec=") / count as f64, field("calls=") / count as f64);
        let rate = count as f64 / time.as_secs_f64();
        println!("{what:24} {rate:8.0} jobs/s   redis {micros:5.1} us/job   {calls:.3} calls/job");
    }

    async fn enqueue(&self, tasks: usize, count: usize) -> Duration {
        let begin = Instant::now();
        let mut running = JoinSet::new();
        for task in 0..tasks {
            let jobs: Vec<_> = (0..count / tasks).map(|number| self.job(task + number, "kind")).collect();
            let queue = Arc::clone(&self.queue);
            running.spawn(enqueue_each(queue, jobs));
        }
        while running.join_next().await.is_some() {}
        begin.elapsed()
    }

    async fn enqueue_bulk(&self, count: usize, kind: &str) -> Duration {
        let begin = Instant::now();
        let mut number = 0;
        while number < count {
            let jobs = (0..50).map(|offset| self.job(number + offset, kind)).collect();
            for answer in self.queue.enqueue(jobs).await {
                answer.unwrap();
            }
            number += 50;
        }
        begin.elapsed()
    }

    async fn drain(&self, workers: usize, count: usize) -> Duration {
        let ended = Arc::new(AtomicUsize::new(0));
        let begin = Instant::now();
        let mut running = JoinSet::new();
        // As a worker does: one claims for all the room there is, and each run ends by itself.
        let claimers = if workers > 10 { 2 } else { 1 };
        for claimer in 0..claimers {
            let (queue, ended) = (Arc::clone(&self.queue), Arc::clone(&ended));
            running.spawn(work(queue, (claimer, (workers / claimers) as u32), ended, count));
        }
        while running.join_next().await.is_some() {}
        begin.elapsed()
    }

    /// The scripts with as little around them as can be: one claim of fifty, one finish of the same, twice over so that
    /// Redis always has something to do.
    async fn ceiling(&self, count: usize) -> Duration {
        let begin = Instant::now();
        let mut loops = JoinSet::new();
        for number in 0..2 {
            loops.spawn(drive_scripts(Arc::clone(&self.queue), number, count / 2));
        }
        while loops.join_next().await.is_some() {}
        begin.elapsed()
    }

    async fn pick_up(&self) {
        self.reset().await;
        let (queue, kinds) = (Arc::clone(&self.queue), vec![Self::name("idle")]);
        let mut worker = JoinSet::new();
        worker.spawn(stand_by(queue, kinds));
        let mut waits = Vec::new();
        for _ in 0..1_000 {
            let begin = Instant::now();
            let id = self.queue.enqueue(vec![self.job(0, "idle")]).await.remove(0).unwrap().id;
            while self.queue.get(id).await.unwrap().began.is_none() {}
            waits.push(begin.elapsed());
        }
        worker.abort_all();
        waits.sort_unstable();
        println!(
            "pick-up by an idle worker   p50 {:?}   p99 {:?} (enqueueing and seeing it included)",
            waits[500], waits[990]
        );
    }
}

async fn drive_scripts(queue: Arc<RedisQueue>, number: usize, count: usize) {
    let worker = format!("worker{number}");
    let mut ended = 0;
    while ended < count {
        let jobs = claim(&queue, &worker, "kind", 50).await;
        let outcome = Outcome::Done { result: Vec::new() };
        let runs = jobs.into_iter().map(|job| Finish { ticket: job.ticket, outcome: outcome.clone() });
        ended += queue.finish(runs.collect()).await.len();
    }
}

async fn claim(queue: &RedisQueue, worker: &str, kind: &str, most: u32) -> Vec<Claimed> {
    let (worker, kind) = (Bench::name(worker), Bench::name(kind));
    let request = ClaimRequest { worker, kinds: vec![(kind, most)], most, lease: Duration::from_secs(30) };
    queue.claim(request).await.unwrap()
}

async fn end(queue: &RedisQueue, job: Claimed) {
    let run = Finish { ticket: job.ticket, outcome: Outcome::Done { result: Vec::new() } };
    queue.finish(vec![run]).await.remove(0).unwrap();
}

async fn end_and_count(queue: Arc<RedisQueue>, job: Claimed, ended: Arc<AtomicUsize>) {
    end(&queue, job).await;
    ended.fetch_add(1, Ordering::Relaxed);
}

async fn enqueue_each(queue: Arc<RedisQueue>, jobs: Vec<NewJob>) {
    for job in jobs {
        queue.enqueue(vec![job]).await.remove(0).unwrap();
    }
}

/// An idle worker.
async fn stand_by(queue: Arc<RedisQueue>, kinds: Vec<Name>) {
    loop {
        for job in claim(&queue, "worker", "idle", 10).await {
            end(&queue, job).await;
        }
        queue.wait(&kinds, Duration::from_secs(2)).await;
    }
}

/// Keeps so many runs going until there is nothing left.
async fn work(queue: Arc<RedisQueue>, (number, room): (usize, u32), ended: Arc<AtomicUsize>, count: usize) {
    let worker = format!("worker{number}");
    let mut runs = JoinSet::new();
    while ended.load(Ordering::Relaxed) < count {
        let free = room - runs.len() as u32;
        // A worker of many runs asks when a good part of them is free, and not for each.
        if free > room / 2 || room == 1 {
            let claimed = claim(&queue, &worker, "kind", free).await;
            if claimed.is_empty() && runs.is_empty() {
                break;
            }
            for job in claimed {
                let (queue, ended) = (Arc::clone(&queue), Arc::clone(&ended));
                runs.spawn(end_and_count(queue, job, ended));
            }
        }
        if runs.join_next().await.is_none() {
            break;
        }
        while runs.try_join_next().is_some() {}
    }
}
