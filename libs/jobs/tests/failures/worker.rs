//! A worker in a process of its own: this very test program, started again to run one test that is a worker.

use std::{
    collections::HashMap,
    io::{BufRead, stdin},
    sync::Arc,
    time::Duration,
};

use clap::Parser;
use jobs::{
    Beat, ClaimRequest, Claimed, Finish, Heart, Held, JobId, Name, Outcome, Queue, RedisOptions, RedisQueue,
    Ticket, Timing,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::Instant,
};

use super::scene::{failed, name, policies};

#[derive(Parser)]
struct Orders {
    #[arg(long, env = "ONDOL_TEST_WORKER_URL")]
    url: String,
    #[arg(long, env = "ONDOL_TEST_WORKER_NAME")]
    name: String,
    #[arg(long, env = "ONDOL_TEST_WORKER_LEASE")]
    lease: u64,
}

#[test]
#[ignore = "a process that other tests start"]
fn process() {
    let orders = Orders::parse_from(["worker"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Worker::new(&orders).obey());
}

fn say(text: &str) {
    println!("> {text}");
}

struct Worker {
    queue: RedisQueue,
    name: Name,
    lease: Duration,
    heart: Heart,
    tickets: Vec<Ticket>,
    held: HashMap<JobId, Held>,
}

impl Worker {
    fn new(orders: &Orders) -> Self {
        let lease = Duration::from_millis(orders.lease);
        let mut options = RedisOptions::new(orders.url.clone(), name("queue"));
        options.timeout = Duration::from_secs(1);
        let queue = RedisQueue::new(options, policies()).unwrap();
        let timing = Timing { lease, beat: lease / 4, give_up: lease * 3 / 4, progress: lease / 8 };
        let heart = Heart::start(Arc::new(queue.apart().unwrap()), timing).unwrap();
        Self { queue, name: name(&orders.name), lease, heart, tickets: Vec::new(), held: HashMap::new() }
    }

    async fn obey(mut self) {
        let mut orders = read_orders();
        say("ready");
        while let Some(order) = orders.recv().await {
            match order.as_str() {
                "claim" => self.claim("work", 10).await,
                "hold" => self.hold().await,
                "speak" => self.speak().await,
                "finish" => self.finish().await,
                "serve" => return self.serve().await,
                other => panic!("no such order: {other}"),
            }
        }
    }

    async fn claim_some(&self, kind: &str, most: u32) -> Vec<Claimed> {
        let kinds = vec![(name(kind), most)];
        let request = ClaimRequest { worker: self.name.clone(), kinds, most, lease: self.lease };
        self.queue.claim(request).await.unwrap_or_default()
    }

    async fn claim(&mut self, kind: &str, most: u32) {
        for job in self.claim_some(kind, most).await {
            self.tickets.push(job.ticket);
        }
        say(&format!("claimed {}", self.tickets.len()));
    }

    /// Beats for what was claimed, and tells how that ended.
    async fn hold(&mut self) {
        let since = Instant::now();
        for ticket in &self.tickets {
            self.held.insert(ticket.id, self.heart.hold(ticket, since));
        }
        say("holding");
        for held in self.held.values_mut() {
            let end = held.ended().await;
            say(&format!("ended {end:?}"));
        }
    }

    /// Says all that a run can say.
    async fn speak(&self) {
        for ticket in &self.tickets {
            let beat = Beat { ticket: ticket.clone(), progress: Some(b"stale".to_vec()) };
            let pulses = self.queue.beat(vec![beat], self.lease).await.unwrap();
            say(&format!("beat {:?}", pulses[0]));
            for outcome in [Outcome::Done { result: b"stale".to_vec() }, failed(true), failed(false)] {
                self.end(ticket, outcome).await;
            }
        }
        say("spoken");
    }

    async fn finish(&self) {
        for ticket in &self.tickets {
            self.end(ticket, Outcome::Done { result: b"good".to_vec() }).await;
        }
    }

    async fn end(&self, ticket: &Ticket, outcome: Outcome) {
        let run = Finish { ticket: ticket.clone(), outcome };
        let receipt = self.queue.finish(vec![run]).await.remove(0);
        say(&format!("{receipt:?} {}", ticket.id));
    }

    /// Works as a service does, until it is told to end: then it gives back what it has not begun.
    async fn serve(self) {
        let mut term = signal(SignalKind::terminate()).unwrap();
        let kinds = [name("work"), name("poison")];
        loop {
            // A little at a time and some in hand, so that a signal finds it with both.
            let mut jobs = self.claim_some("work", 4).await;
            jobs.extend(self.claim_some("poison", 1).await);
            if let Some(rest) = self.run(jobs, &mut term).await {
                say(&format!("released {}", rest.len()));
                self.queue.release(rest).await.unwrap();
                return;
            }
            tokio::select! {
                _ = term.recv() => return,
                () = self.queue.wait(&kinds, Duration::from_millis(200)) => {}
            }
            // As every worker does.
            drop(self.queue.reap(100).await);
            drop(self.queue.promote(100).await);
        }
    }
}

impl Worker {
    /// Runs jobs one after the other. A signal leaves the rest.
    async fn run(&self, jobs: Vec<Claimed>, term: &mut Signal) -> Option<Vec<Ticket>> {
        let mut jobs = jobs.into_iter();
        while let Some(Claimed { ticket, .. }) = jobs.next() {
            if ticket.kind == name("poison") {
                std::process::abort();
            }
            self.end(&ticket, Outcome::Done { result: Vec::new() }).await;
            if has_come(term).await {
                return Some(jobs.map(|job| job.ticket).collect());
            }
        }
        None
    }
}

async fn has_come(term: &mut Signal) -> bool {
    // One turn of the runtime, in which a signal that has come is noticed.
    tokio::time::timeout(Duration::from_millis(1), term.recv()).await.is_ok()
}

fn read_orders() -> UnboundedReceiver<String> {
    let (sender, orders) = unbounded_channel();
    std::thread::spawn(move || {
        for line in stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
        // Whoever started this worker is gone.
        std::process::exit(0);
    });
    orders
}
