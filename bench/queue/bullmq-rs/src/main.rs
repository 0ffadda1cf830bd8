//! BullMQ for Rust in `./just bench queue`: the same steps as Ondol's (libs/jobs/examples/bench_queue).

use std::{
    collections::HashMap,
    env,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bullmq::{
    BulkJob, Job, Queue, QueueOptions, Worker, WorkerOptions, options::RedisConnectionOptions, worker::CancellationToken,
};

const BULK: usize = 100;
const NAME: &str = "bench";
const LOOK: Duration = Duration::from_millis(2);
const PAUSE: Duration = Duration::from_millis(5);

type Seen = Arc<Mutex<HashMap<String, (Instant, u32)>>>;

struct Bench {
    url: String,
    jobs: usize,
    concurrency: usize,
    queue: Queue,
}

#[tokio::main]
async fn main() {
    let words: Vec<String> = env::args().collect();
    let word = |flag: &str| words.iter().position(|word| word == flag).map(|at| words[at + 1].clone());
    let number = |flag: &str, default| word(flag).map_or(default, |text| text.parse().unwrap());
    let url = word("--url").unwrap();
    let options = QueueOptions::new().connection(RedisConnectionOptions::new().url(url.clone()));
    let queue = Queue::with_options(NAME, options).await.unwrap();
    let bench = Bench { url, jobs: number("--jobs", 10_000), concurrency: number("--concurrency", 10), queue };
    match word("--step").unwrap().as_str() {
        "enqueue" => bench.enqueue().await,
        "bulk" => bench.bulk().await,
        "drain" => bench.drain().await,
        "pickup" => bench.pick_up().await,
        other => panic!("no such step: {other}"),
    }
}

fn payload() -> String {
    "x".repeat(512)
}

fn wait_for_word() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

fn report(jobs: usize, time: Duration, exact: bool) {
    println!(r#"{{"jobs": {jobs}, "seconds": {}, "exact": {exact}}}"#, time.as_secs_f64());
}

impl Bench {
    async fn enqueue(&self) {
        wait_for_word();
        let begin = Instant::now();
        for _ in 0..self.jobs {
            self.queue.add("noop", payload()).await.unwrap();
        }
        report(self.jobs, begin.elapsed(), self.queue.count().await.unwrap() == self.jobs as u64);
    }

    async fn fill(&self) {
        for start in (0..self.jobs).step_by(BULK) {
            let jobs = (start..self.jobs.min(start + BULK)).map(|_| BulkJob::new("noop", payload()));
            self.queue.add_bulk(jobs.collect()).await.unwrap();
        }
    }

    async fn bulk(&self) {
        wait_for_word();
        let begin = Instant::now();
        self.fill().await;
        report(self.jobs, begin.elapsed(), self.queue.count().await.unwrap() == self.jobs as u64);
    }

    async fn worker(&self, seen: &Seen) -> Worker {
        let seen = Arc::clone(seen);
        let process = move |job: Job, _cancelled: CancellationToken| {
            let now = Instant::now();
            seen.lock().unwrap().entry(job.id().to_owned()).or_insert((now, 0)).1 += 1;
            async { Ok(().into()) }
        };
        let connection = RedisConnectionOptions::new().url(self.url.clone());
        let options = WorkerOptions::new().connection(connection).concurrency(self.concurrency);
        Worker::with_options(NAME, process, options).await.unwrap()
    }

    /// Whether every job ran once, when all have ended.
    async fn wait_for_end(&self, seen: &Seen) -> bool {
        while seen.lock().unwrap().len() < self.jobs
            || self.queue.get_completed_count().await.unwrap() < self.jobs as u64
        {
            tokio::time::sleep(LOOK).await;
        }
        let seen = seen.lock().unwrap();
        seen.len() == self.jobs && seen.values().all(|(_, times)| *times == 1)
    }

    async fn drain(&self) {
        self.fill().await;
        let seen = Seen::default();
        wait_for_word();
        let begin = Instant::now();
        let worker = self.worker(&seen).await;
        let exact = self.wait_for_end(&seen).await;
        report(self.jobs, begin.elapsed(), exact);
        worker.close(100).await.unwrap();
    }

    async fn pick_up(&self) {
        let seen = Seen::default();
        let worker = self.worker(&seen).await;
        wait_for_word();
        let mut clock = tokio::time::interval(PAUSE);
        let mut sent = Vec::new();
        for _ in 0..self.jobs {
            clock.tick().await;
            let begin = Instant::now();
            sent.push((self.queue.add("noop", payload()).await.unwrap().id().to_owned(), begin));
        }
        let exact = self.wait_for_end(&seen).await;
        let found = seen.lock().unwrap();
        let waits: Vec<_> = sent.iter().map(|(id, begin)| (found[id].0 - *begin).as_secs_f64() * 1e3).collect();
        println!(r#"{{"jobs": {}, "waits_ms": {waits:?}, "exact": {exact}}}"#, self.jobs);
        drop(found);
        worker.close(100).await.unwrap();
    }
}
