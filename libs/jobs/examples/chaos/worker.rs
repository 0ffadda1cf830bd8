//! A worker in a process of its own, with the same steps and timings as services/worker.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use jobs::{
    ClaimRequest, Claimed, Finish, Heart, JobsError, Outcome, Payload, Queue, Receipt, RedisQueue, Room,
    Seat, Ticket, Timing,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    record::{Pen, What},
    setting::{self, KIND, name, pause},
};

const CONCURRENCY: u32 = 24;
const MOST: u32 = 100;
const POLL: Duration = Duration::from_secs(2);
const REAP: Duration = Duration::from_secs(3);
const PROMOTE: Duration = Duration::from_millis(500);
const SWEEP: Duration = Duration::from_secs(30);
const PART: u32 = 100;
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(2);
/// How long the end of a run is told again and again.
const TELLING: Duration = Duration::from_secs(25);
const AGAIN: Duration = Duration::from_secs(1);
const PROGRESS: Duration = Duration::from_millis(500);

#[derive(Args)]
pub(super) struct Orders {
    #[arg(long)]
    url: String,
    #[arg(long)]
    life: usize,
    #[arg(long)]
    record: PathBuf,
}

pub(super) struct Worker {
    queue: RedisQueue,
    name: jobs::Name,
    heart: Heart,
    pen: Pen,
    room: Arc<Room>,
    freed: Arc<Notify>,
    stop: watch::Sender<bool>,
    /// Every other worker goes on with what its heart has given up, so that the fence is all that is left.
    is_stubborn: bool,
}

impl Worker {
    pub(super) fn new(orders: &Orders) -> Arc<Self> {
        end_with_the_starter();
        let queue = setting::queue(&orders.url);
        let heart = Heart::start(Arc::new(queue.apart().unwrap()), Timing::default()).unwrap();
        let freed = Arc::new(Notify::new());
        Arc::new(Self {
            queue,
            name: name(&format!("worker{}", orders.life)),
            heart,
            pen: Pen::new(&orders.record),
            room: Arc::new(Room::new(CONCURRENCY, Arc::clone(&freed))),
            freed,
            stop: watch::Sender::new(false),
            is_stubborn: orders.life % 2 == 1,
        })
    }

    /// Works until it is told to end, and then gives back what it runs.
    pub(super) async fn serve(self: Arc<Self>) {
        let mut runs = JoinSet::new();
        tokio::select! {
            () = self.consume(&mut runs) => {}
            () = every(REAP, || self.queue.reap(PART)) => {}
            () = every(PROMOTE, || self.queue.promote(PART)) => {}
            () = every(SWEEP, || self.queue.sweep(PART)) => {}
        }
        self.stop.send_replace(true);
        runs.join_all().await;
    }

    /// Claims until it is told to end; a claim that is under way then is waited for.
    async fn consume(self: &Arc<Self>, runs: &mut JoinSet<()>) {
        let mut term = signal(SignalKind::terminate()).unwrap();
        let mut rest = FIRST_REST;
        loop {
            while runs.try_join_next().is_some() {}
            let wanted = self.room.wanted().min(MOST);
            let found = if wanted == 0 { Ok(0) } else { self.claim(wanted, runs).await };
            let next = if found.is_ok() { FIRST_REST } else { (rest * 2).min(LONGEST_REST) };
            let rest = std::mem::replace(&mut rest, next);
            tokio::select! {
                biased;
                _ = term.recv() => return,
                () = self.pause(wanted, found, rest) => {}
            }
        }
    }

    async fn claim(self: &Arc<Self>, most: u32, runs: &mut JoinSet<()>) -> Result<usize, JobsError> {
        let since = Instant::now();
        let (kinds, lease) = (vec![(name(KIND), most)], Timing::default().lease);
        let request = ClaimRequest { worker: self.name.clone(), kinds, most, lease };
        let claimed = self.queue.claim(request).await?;
        let count = claimed.len();
        for job in claimed {
            runs.spawn(Arc::clone(self).run(job, since, self.room.admit()));
        }
        Ok(count)
    }

    /// Waits until another claim may give something.
    async fn pause(&self, wanted: u32, found: Result<usize, JobsError>, rest: Duration) {
        let kinds = [name(KIND)];
        match found {
            Ok(0) if wanted == 0 => self.freed.notified().await,
            Ok(0) => tokio::select! {
                () = self.queue.wait(&kinds, POLL) => {}
                () = self.freed.notified() => {}
            },
            Ok(_) => {}
            Err(_away) => pause(rest.mul_f64(0.5 + fastrand::f64())).await,
        }
    }

    async fn run(self: Arc<Self>, job: Claimed, since: Instant, seat: Seat) {
        self.pen.write(What::Began, &job.ticket);
        if self.work(&job, since, seat).await {
            self.pen.write(What::Made, &job.ticket);
            self.tell(&job.ticket).await;
        }
        self.freed.notify_one();
    }

    /// Whether the work was done. The lease is kept until then, and no longer.
    async fn work(&self, job: &Claimed, since: Instant, seat: Seat) -> bool {
        let mut held = self.heart.hold(&job.ticket, since);
        let mut stop = self.stop.subscribe();
        let mut work = std::pin::pin!(seat.run(pause(time_of(job))));
        let mut news = interval(PROGRESS);
        let done = loop {
            tokio::select! {
                biased;
                _why = held.ended(), if !self.is_stubborn => {
                    self.pen.write(What::Left, &job.ticket);
                    return false;
                }
                () = told(&mut stop) => break None,
                done = &mut work => break done,
                _ = news.tick() => held.progress(b"working".to_vec()),
            }
        };
        drop(held);
        if done.is_none() {
            self.give_back(&job.ticket).await;
        }
        done.is_some()
    }

    async fn give_back(&self, ticket: &Ticket) {
        if self.queue.release(vec![ticket.clone()]).await.is_ok() {
            self.pen.write(What::Left, ticket);
        }
    }

    /// The result is the fence, so that in the end it shows which run was the one that counted.
    async fn tell(&self, ticket: &Ticket) {
        let until = Instant::now() + TELLING;
        loop {
            let outcome = Outcome::Done { result: ticket.fence.to_string().into_bytes() };
            let run = Finish { ticket: ticket.clone(), outcome };
            match self.queue.finish(vec![run]).await.remove(0) {
                Ok(Receipt::Accepted | Receipt::Repeated) => return self.pen.write(What::Accepted, ticket),
                Ok(Receipt::Rejected) => return self.pen.write(What::Rejected, ticket),
                Err(_away) if Instant::now() < until => pause(AGAIN).await,
                Err(_away) => return,
            }
        }
    }
}

async fn told(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the worker.
    drop(stop.wait_for(|stop| *stop).await);
}

fn time_of(job: &Claimed) -> Duration {
    let Payload::Inline(bytes) = &job.payload else { return Duration::ZERO };
    Duration::from_millis(std::str::from_utf8(bytes).unwrap().parse().unwrap())
}

/// Does something regularly, for ever, and again soon if it failed, as the worker service does.
async fn every<T, F: Future<Output = Result<T, JobsError>>>(period: Duration, mut work: impl FnMut() -> F) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if work().await.is_err() {
            ticks.reset_after(period.min(FIRST_REST));
        }
    }
}

fn end_with_the_starter() {
    std::thread::spawn(|| {
        // Nothing is ever said: the pipe only ends.
        drop(std::io::stdin().read_line(&mut String::new()));
        std::process::exit(0);
    });
}
