//! How full a queue is.

use std::{collections::BTreeMap, time::Duration};

use crate::Name;

/// The figures of one kind. The counts of what happened never shrink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KindStats {
    /// Jobs in line, parked ones included.
    pub ready: u64,
    /// Jobs under lease.
    pub running: u64,
    /// Jobs whose time has not come.
    pub delayed: u64,
    /// Dead jobs that can be looked at.
    pub dead: u64,
    /// How long the job at the head of the line has existed; 0 if there is none.
    pub oldest: Duration,
    /// Runs that began.
    pub attempts: u64,
    /// Jobs taken back from workers that went away.
    pub recoveries: u64,
    /// Words of runs that had lost their job: beats, results and errors refused.
    pub zombies: u64,
    /// Whether claims of this kind are stopped.
    pub paused: bool,
}

/// The figures of a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By kind.
    pub kinds: BTreeMap<Name, KindStats>,
    /// Whether claims are stopped altogether.
    pub paused: bool,
}

impl Stats {
    /// The sum over all kinds; the age is the oldest of all.
    pub fn total(&self) -> KindStats {
        self.kinds.values().fold(KindStats::default(), |sum, kind| sum.and(kind))
    }
}

impl KindStats {
    /// Both together.
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self {
            ready: self.ready + other.ready,
            running: self.running + other.running,
            delayed: self.delayed + other.delayed,
            dead: self.dead + other.dead,
            oldest: self.oldest.max(other.oldest),
            attempts: self.attempts + other.attempts,
            recoveries: self.recoveries + other.recoveries,
            zombies: self.zombies + other.zombies,
            paused: self.paused || other.paused,
        }
    }
}
