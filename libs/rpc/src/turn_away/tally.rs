//! How many were turned away: a line for each would cost as much as the call, and tell nothing new.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Refusal;
use crate::status::name_of;

/// The least time between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// Counts those who are turned away.
pub(crate) struct Tally {
    service: Option<Arc<str>>,
    began: Instant,
    /// Those that no line has told of yet.
    untold: AtomicU64,
    /// When the next line may be written, in milliseconds since `began`.
    due: AtomicU64,
}

impl Tally {
    /// That of the server with this name.
    pub(crate) fn new(service: Option<Arc<str>>) -> Self {
        Self { service, began: Instant::now(), untold: AtomicU64::new(0), due: AtomicU64::new(0) }
    }

    /// Counts one, and says how many there were since the last line if that is old. What comes after the last line is
    /// told with the next one, however late; the metrics know at once.
    pub(super) fn count(&self, refusal: &Refusal) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let (now, due) = (self.began.elapsed(), self.due.load(Ordering::Relaxed));
        if now.as_millis() < u128::from(due) {
            return;
        }
        let next = (now + EVERY).as_millis() as u64;
        if self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let calls = self.untold.swap(0, Ordering::Relaxed);
            let (service, status) = (self.service.as_deref(), name_of(refusal.code()));
            let last = refusal.message();
            tracing::info!(service, calls, status, last, "calls were turned away at the door");
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;
    use tonic::Status;

    use super::{EVERY, Refusal, Tally};

    #[tokio::test(start_paused = true)]
    async fn the_first_is_told_at_once_and_the_others_together() {
        let logs = testkit::capture_logs();
        let tally = Tally::new(Some("api".into()));
        let full = Refusal::new(&Status::resource_exhausted("no room"));
        for _ in 0..100 {
            tally.count(&full);
        }
        let line = ["turned away", r#""service":"api""#, "RESOURCE_EXHAUSTED", "no room"];
        assert_eq!(logs.lines_with(&line).len(), 1);
        assert_eq!(logs.lines_with(&["turned away", r#""calls":1,"#]).len(), 1);
        advance(EVERY).await;
        tally.count(&full);
        assert_eq!(logs.lines_with(&["turned away", r#""calls":100,"#]).len(), 1);
    }
}
