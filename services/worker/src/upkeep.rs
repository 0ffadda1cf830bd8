//! What every worker does for the queue, so that no process of its own has to.

use std::{sync::Arc, time::Duration};

use fault::Chain;
use jobs::{JobsError, Metrics, Queue};
use objects::Objects;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::{WorkerError, scratch};

/// What can be taken back, let in or removed in one call.
const PART: u32 = 100;
/// How soon a due job is let in.
const PROMOTE: Duration = Duration::from_millis(500);
/// A job of a worker that was killed runs again after its lease and this.
const REAP: Duration = Duration::from_secs(3);
const SWEEP: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_secs(1);
const SCRATCH: Duration = Duration::from_mins(10);
const STATS: Duration = Duration::from_secs(5);
/// After a failure. A connection that was cut must not cost a whole period: jobs of dead workers wait.
const AGAIN: Duration = Duration::from_millis(500);

/// Keeps a queue in order.
pub(crate) struct Upkeep {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) metrics: Metrics,
}

impl Upkeep {
    /// Works until `draining` is ready.
    pub(crate) async fn work(self, draining: impl Future<Output = ()>) {
        tokio::select! {
            () = draining => {}
            () = every(PROMOTE, "let in what is due", || self.promote()) => {}
            () = every(REAP, "take back what dead workers held", || self.reap()) => {}
            () = every(SWEEP, "remove what is old", || self.sweep()) => {}
            () = every(TICK, "start what is scheduled", || self.tick()) => {}
            () = every(SCRATCH, "remove what runs left behind", || self.clear_scratch()) => {}
            () = every(STATS, "read how full the queue is", || self.show()) => {}
        }
    }

    async fn promote(&self) -> Result<(), JobsError> {
        while self.queue.promote(PART).await? >= u64::from(PART) {}
        Ok(())
    }

    async fn reap(&self) -> Result<(), JobsError> {
        loop {
            let reaped = self.queue.reap(PART).await?;
            if reaped.total() > 0 {
                let (recovered, dead) = (reaped.recovered, reaped.dead);
                warn!(recovered, dead, cancelled = reaped.cancelled, "took jobs back whose worker went away");
            }
            if reaped.total() < u64::from(PART) {
                return Ok(());
            }
        }
    }

    async fn sweep(&self) -> Result<(), JobsError> {
        loop {
            let swept = self.queue.sweep(PART).await?;
            if swept.mended > 0 {
                warn!(jobs = swept.mended, "mended jobs that stood nowhere");
            }
            if swept.expired.max(swept.removed) < u64::from(PART) {
                return Ok(());
            }
        }
    }

    async fn tick(&self) -> Result<(), JobsError> {
        let started = self.queue.tick().await?;
        if !started.is_empty() {
            info!(jobs = started.len(), "started what was scheduled");
        }
        Ok(())
    }

    async fn clear_scratch(&self) -> Result<(), WorkerError> {
        let jobs = scratch::clear(&self.queue, self.objects.as_ref()).await?;
        if jobs > 0 {
            info!(jobs, "removed what runs left behind of jobs that nobody goes on with");
        }
        Ok(())
    }

    async fn show(&self) -> Result<(), JobsError> {
        self.metrics.show(&self.queue.stats().await?);
        Ok(())
    }
}

/// Does something regularly, for ever. Of failures in a row only the first is told.
async fn every<E, F>(period: Duration, what: &str, mut work: impl FnMut() -> F)
where
    E: std::error::Error + 'static,
    F: Future<Output = Result<(), E>>,
{
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut well = true;
    loop {
        ticks.tick().await;
        match work().await {
            Ok(()) => well = true,
            Err(problem) => {
                if well {
                    warn!("cannot {what}: {}", Chain(&problem));
                }
                well = false;
                ticks.reset_after(period.min(AGAIN));
            }
        }
    }
}
