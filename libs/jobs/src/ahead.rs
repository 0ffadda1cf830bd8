//! How many jobs a worker claims beyond those that it has room for.
//!
//! Where runs are short, the time between the end of one and the claim of the next is most of the time. So a worker
//! takes along what it will begin within a moment: the shorter its runs have been, the more. Where runs are long that is
//! nothing, and no job waits at one worker while another is idle.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What is claimed ahead is to begin so soon.
const MOMENT: Duration = Duration::from_millis(10);
/// What one worker takes ahead at most; a round of finishing is as large.
const MOST: u64 = 64;
/// The weight of what was before, against 1 for the latest run.
const PAST: u64 = 7;
const UNKNOWN: u64 = u64::MAX;

/// The pace of one kind's runs in one worker.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Of a run, in nanoseconds; a mean that forgets.
    mean: AtomicU64,
}

impl Default for Ahead {
    fn default() -> Self {
        Self { mean: AtomicU64::new(UNKNOWN) }
    }
}

impl Ahead {
    /// Notes how long a run took, without the time that it waited for room.
    pub(crate) fn ran(&self, time: Duration) {
        let latest = u64::try_from(time.as_nanos()).unwrap_or(UNKNOWN / 16).min(UNKNOWN / 16);
        let mean = self.mean.load(Ordering::Relaxed);
        let next = if mean == UNKNOWN { latest } else { (mean * PAST + latest) / (PAST + 1) };
        // Of two runs that end at once, one may go unnoticed.
        self.mean.store(next, Ordering::Relaxed);
    }

    /// How many more than there is room for, where so many run at once.
    pub(crate) fn jobs(&self, concurrency: u32) -> u32 {
        let mean = self.mean.load(Ordering::Relaxed).max(1);
        let within = u128::from(concurrency) * MOMENT.as_nanos() / u128::from(mean);
        within.min(u128::from(MOST)) as u32
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Ahead;

    #[test]
    fn the_shorter_the_runs_the_more_is_taken_along() {
        let ahead = Ahead::default();
        assert_eq!(ahead.jobs(1_000), 0, "nothing is known yet");
        ahead.ran(Duration::from_millis(2));
        assert_eq!((ahead.jobs(1), ahead.jobs(4), ahead.jobs(1_000)), (5, 20, 64));
        ahead.ran(Duration::from_secs(1));
        assert_eq!((ahead.jobs(1), ahead.jobs(8)), (0, 0), "one long run is a warning");
        (0..200).for_each(|_| ahead.ran(Duration::ZERO));
        assert_eq!(ahead.jobs(1), 64);
        ahead.ran(Duration::MAX);
        assert_eq!(ahead.jobs(1_000), 0);
    }
}
