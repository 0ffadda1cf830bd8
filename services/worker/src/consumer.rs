//! Claims jobs while there is room for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use fault::Chain;
use jobs::{ClaimRequest, Claimed, Name, Timing};
use runtime::Life;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

use crate::run::Shop;

/// Claims in one call at most: a worker that takes more than it begins at once starves the others.
const MOST: u32 = 100;
/// The safety net under the queue's bell.
const POLL: Duration = Duration::from_secs(2);
/// Between two attempts to reach a queue that is away.
const FIRST_REST: Duration = Duration::from_millis(500);
const LONGEST_REST: Duration = Duration::from_secs(15);
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
    room: Arc<Notify>,
    runs: TaskTracker,
    stop: CancellationToken,
}

struct Kind {
    name: Name,
    room: Arc<Semaphore>,
}

impl Consumer {
    /// A consumer of these kinds, each with the number of jobs that run at once.
    pub(crate) fn new(shop: Arc<Shop>, worker: Name, kinds: Vec<(Name, u32)>) -> Self {
        let kind = |(name, room): (Name, u32)| Kind { name, room: Arc::new(Semaphore::new(room as usize)) };
        Self {
            shop,
            worker,
            kinds: kinds.into_iter().map(kind).collect(),
            turn: AtomicUsize::new(0),
            room: Arc::default(),
            runs: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    /// Works until the process drains; then what runs may finish, and the rest is given back in time.
    pub(crate) async fn work(self, life: Life) {
        tokio::select! {
            () = life.draining() => {}
            () = self.consume() => {}
        }
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

    /// Claims for ever.
    async fn consume(&self) {
        let mut rest = FIRST_REST;
        loop {
            let kinds = self.with_room();
            if kinds.is_empty() {
                self.room.notified().await;
                continue;
            }
            match self.claim(kinds.clone()).await {
                Ok(0) => {
                    rest = FIRST_REST;
                    let names: Vec<_> = kinds.into_iter().map(|(name, _)| name).collect();
                    tokio::select! {
                        () = self.shop.queue.wait(&names, POLL) => {}
                        () = self.room.notified() => {}
                    }
                }
                Ok(_) => rest = FIRST_REST,
                Err(problem) => {
                    warn!("cannot claim jobs: {}", Chain(&problem));
                    sleep(rest.mul_f64(0.5 + fastrand::f64())).await;
                    rest = (rest * 2).min(LONGEST_REST);
                }
            }
        }
    }

    /// The kinds that have room, each time from another one on.
    fn with_room(&self) -> Vec<(Name, u32)> {
        let start = self.turn.fetch_add(1, Ordering::Relaxed);
        let rotated = (0..self.kinds.len()).map(|offset| &self.kinds[(start + offset) % self.kinds.len()]);
        let room = rotated.map(|kind| (kind.name.clone(), kind.room.available_permits() as u32));
        room.filter(|(_, room)| *room > 0).collect()
    }

    /// Claims and starts what there is; how many.
    async fn claim(&self, kinds: Vec<(Name, u32)>) -> Result<usize, jobs::JobsError> {
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
        // Nobody else takes permits, so there are as many as were told to the queue.
        let permit = self.permit(&job.ticket.kind);
        let run = Arc::clone(&self.shop).run(job, since, self.stop.clone());
        let room = Arc::clone(&self.room);
        self.runs.spawn(async move {
            run.await;
            drop(permit);
            room.notify_one();
        });
    }

    fn permit(&self, kind: &Name) -> Option<OwnedSemaphorePermit> {
        let kind = self.kinds.iter().find(|known| known.name == *kind)?;
        Arc::clone(&kind.room).try_acquire_owned().ok()
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
