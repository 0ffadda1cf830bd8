//! Claims jobs while there is room for them.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fault::Chain;
use jobs::{ClaimRequest, Claimed, JobsError, Name, Room, Timing};
use runtime::Life;
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::run::{Shop, Terms};

/// Claims in one call at most: a worker that takes more than it begins at once starves the others.
const MOST: u32 = 100;
/// The safety net under the queue's bell.
const POLL: Duration = Duration::from_secs(2);
/// Between two attempts to reach a queue that is away. Not longer than the poll: jobs of dead workers wait as well.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = POLL;
/// What of the grace is kept for giving back what did not finish.
const FOR_GIVING_BACK: Duration = Duration::from_secs(15);

/// The part of a worker that takes work.
pub(crate) struct Consumer {
    shop: Arc<Shop>,
    worker: Name,
    kinds: Vec<Kind>,
    /// Where the next claim starts among the kinds, so that none is always the last.
    turn: AtomicUsize,
    /// Told whenever a run ends.
    freed: Arc<Notify>,
    runs: TaskTracker,
    stop: CancellationToken,
}

struct Kind {
    name: Name,
    room: Arc<Room>,
}

impl Consumer {
    /// A consumer of these kinds, each with the number of jobs that run at once.
    pub(crate) fn new(shop: Arc<Shop>, worker: Name, kinds: Vec<(Name, u32)>) -> Self {
        let freed = Arc::new(Notify::new());
        let room = |room| Arc::new(Room::new(room, Arc::clone(&freed)));
        let kinds =
            kinds.into_iter().map(|(name, concurrency)| Kind { name, room: room(concurrency) }).collect();
        Self {
            shop,
            worker,
            kinds,
            turn: AtomicUsize::new(0),
            freed,
            runs: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Works until the process drains; then what runs may finish, and the rest is given back in time.
    pub(crate) async fn work(self, life: Life) {
        self.consume(life.draining()).await;
        self.runs.close();
        if !self.runs.is_empty() {
            info!(runs = self.runs.len(), "no more jobs are claimed: waiting for those that run");
        }
        if timeout_at(give_back_at(life.drain_deadline()), self.runs.wait()).await.is_err() {
            info!(runs = self.runs.len(), "the grace is nearly over: giving back what still runs");
            self.stop.cancel();
            self.runs.wait().await;
        }
    }

    /// Claims until `draining` is ready. A claim that is under way then is waited for: what the queue gave to somebody who
    /// has stopped listening would lie there until its lease ends, and count as taken by a worker that died.
    async fn consume(&self, draining: impl Future<Output = ()>) {
        let mut draining = pin!(draining);
        let mut rest = FIRST_REST;
        loop {
            let kinds = self.with_room();
            let claimed = if kinds.is_empty() { Ok(0) } else { self.claim(kinds.clone()).await };
            tokio::select! {
                biased;
                () = &mut draining => return,
                () = self.pause(kinds, claimed, &mut rest) => {}
            }
        }
    }

    /// Waits until another claim may give something.
    async fn pause(&self, kinds: Vec<(Name, u32)>, claimed: Result<usize, JobsError>, rest: &mut Duration) {
        match claimed {
            Ok(0) if kinds.is_empty() => self.freed.notified().await,
            Ok(0) => {
                *rest = FIRST_REST;
                let names: Vec<_> = kinds.into_iter().map(|(name, _)| name).collect();
                tokio::select! {
                    () = self.shop.queue.wait(&names, POLL) => {}
                    () = self.freed.notified() => {}
                }
            }
            Ok(_) => *rest = FIRST_REST,
            Err(problem) => {
                warn!("cannot claim jobs: {}", Chain(&problem));
                sleep(rest.mul_f64(0.5 + fastrand::f64())).await;
                *rest = (*rest * 2).min(LONGEST_REST);
            }
        }
    }

    /// The kinds that have room, and for how many jobs, each time from another one on.
    fn with_room(&self) -> Vec<(Name, u32)> {
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let rotated = (0..self.kinds.len()).map(|offset| &self.kinds[(start + offset) % self.kinds.len()]);
        let room = rotated.map(|kind| (kind.name.clone(), kind.room.wanted()));
        room.filter(|(_, room)| *room > 0).collect()
    }

    /// Claims and starts what there is; how many.
    async fn claim(&self, kinds: Vec<(Name, u32)>) -> Result<usize, JobsError> {
        let most = kinds.iter().map(|(_, room)| *room).sum::<u32>().min(MOST);
        let since = Instant::now();
        let lease = Timing::default().lease;
        let request = ClaimRequest { worker: self.worker.clone(), kinds, most, lease };
        let claimed = self.shop.queue.claim(request).await?;
        let count = claimed.len();
        for job in claimed {
            self.start(job, since);
        }
        Ok(count)
    }

    fn start(&self, job: Claimed, since: Instant) {
        let Some(kind) = self.kinds.iter().find(|kind| kind.name == job.ticket.kind) else { return };
        let terms = Terms { since, seat: kind.room.admit(), stop: self.stop.clone() };
        let run = Arc::clone(&self.shop).run(job, terms);
        let freed = Arc::clone(&self.freed);
        self.runs.spawn(async move {
            run.await;
            // Its seat is free since the handler ended, but a cap may have let nothing through until now.
            freed.notify_one();
        });
    }
}

/// When to give back what still runs: so long before the end that the queue hears of it.
fn give_back_at(deadline: Option<Instant>) -> Instant {
    let now = Instant::now();
    let left = deadline.map_or(Duration::ZERO, |deadline| deadline.saturating_duration_since(now));
    now + left.saturating_sub(FOR_GIVING_BACK.min(left / 2))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::give_back_at;

    #[tokio::test(start_paused = true)]
    async fn giving_back_has_its_part_of_the_grace() {
        let now = Instant::now();
        let at = |grace| give_back_at(Some(now + Duration::from_secs(grace))) - now;
        assert_eq!(
            (at(60), at(20), at(0)),
            (Duration::from_secs(45), Duration::from_secs(10), Duration::ZERO)
        );
        assert_eq!(give_back_at(None), now);
    }
}
