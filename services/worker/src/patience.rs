//! Waiting for a peer: a job can wait where a caller could not.

use std::time::Duration;

use fault::{Fault, Kind};
use tokio::time::{Instant, sleep};

use crate::WorkerError;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How long to go on trying.
pub(crate) struct Patience {
    until: Instant,
    wait: Duration,
}

impl Patience {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, wait: FIRST_WAIT }
    }

    /// Whether the error is of those that pass when a pod comes back or a place falls free.
    pub(crate) fn is_worth_waiting(&self, error: &WorkerError) -> bool {
        let passes = matches!(error.kind(), Kind::Unavailable | Kind::ResourceExhausted);
        passes && error.may_pass() && Instant::now() < self.until
    }

    pub(crate) async fn wait(&mut self, error: &WorkerError) {
        // As long as the peer says, give or take a half, so that those who were refused together do not come together.
        let wait = error.retry_after().unwrap_or(self.wait).min(LONGEST_WAIT);
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        sleep(wait.mul_f64(0.5 + fastrand::f64())).await;
    }
}
