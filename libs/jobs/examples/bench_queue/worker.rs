//! A worker as services/worker is one: it claims for all the room that it has, a heart holds each run, and each run is
//! ended by itself.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use jobs::{
    ClaimRequest, Claimed, Finish, Heart, JobId, Outcome, Queue, Receipt, RedisQueue, Room, Seat, Timing,
};
use tokio::{sync::Notify, task::JoinSet, time::Instant};

use super::steps::name;

/// The same as the service's.
const MOST: u32 = 100;
const POLL: Duration = Duration::from_secs(2);

pub(super) struct Worker {
    queue: RedisQueue,
    heart: Heart,
    room: Arc<Room>,
    freed: Arc<Notify>,
    accepted: AtomicUsize,
    pub(super) handler: Handler,
}

/// What is done with a job.
pub(super) enum Handler {
    Count(Mutex<Vec<JobId>>),
    Note(Arc<Mutex<HashMap<JobId, std::time::Instant>>>),
}

impl Handler {
    fn handle(&self, job: &Claimed) {
        match self {
            Self::Count(seen) => seen.lock().unwrap().push(job.ticket.id),
            Self::Note(seen) => drop(seen.lock().unwrap().insert(job.ticket.id, std::time::Instant::now())),
        }
    }
}

impl Worker {
    pub(super) fn new(queue: RedisQueue, concurrency: u32, handler: Handler) -> Arc<Self> {
        let heart = Heart::start(Arc::new(queue.apart().unwrap()), Timing::default()).unwrap();
        let freed = Arc::new(Notify::new());
        Arc::new(Self {
            queue,
            heart,
            room: Arc::new(Room::new(concurrency, Arc::clone(&freed))),
            freed,
            accepted: AtomicUsize::new(0),
            handler,
        })
    }

    /// Works until so many jobs were begun and all of them have ended; how many ends were accepted.
    pub(super) async fn run(self: &Arc<Self>, jobs: usize) -> usize {
        let kinds = [name("noop")];
        let mut runs = JoinSet::new();
        let mut begun = 0;
        while begun < jobs {
            let most = self.room.wanted().min(MOST).min((jobs - begun) as u32);
            if most == 0 {
                self.freed.notified().await;
                continue;
            }
            let since = Instant::now();
            let request = ClaimRequest {
                worker: name("worker"),
                kinds: vec![(kinds[0].clone(), most)],
                most,
                lease: Timing::default().lease,
            };
            let claimed = self.queue.claim(request).await.unwrap();
            if claimed.is_empty() {
                tokio::select! {
                    () = self.queue.wait(&kinds, POLL) => {}
                    () = self.freed.notified() => {}
                }
            }
            begun += claimed.len();
            for job in claimed {
                runs.spawn(Arc::clone(self).run_one(job, since, self.room.admit()));
            }
            while runs.try_join_next().is_some() {}
        }
        runs.join_all().await;
        self.accepted.load(Ordering::Relaxed)
    }

    async fn run_one(self: Arc<Self>, job: Claimed, since: Instant, seat: Seat) {
        let held = self.heart.hold(&job.ticket, since);
        seat.run(async { self.handler.handle(&job) }).await.unwrap();
        drop(held);
        let run = Finish { ticket: job.ticket, outcome: Outcome::Done { result: Vec::new() } };
        if self.queue.finish(vec![run]).await.remove(0).unwrap() == Receipt::Accepted {
            self.accepted.fetch_add(1, Ordering::Relaxed);
        }
        // A cap may have let nothing through until now.
        self.freed.notify_one();
    }
}
