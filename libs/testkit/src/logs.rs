//! Log lines, collected.

use std::sync::OnceLock;

use telemetry::Captured;
use tracing::{
    Dispatch, callsite::rebuild_interest_cache, dispatcher::set_default, subscriber::DefaultGuard,
};

/// Never the default of any thread. While only one subscriber exists, `tracing` asks the thread that first reaches a
/// log statement whether anybody wants it, and keeps the answer for all threads: a test without a subscriber would
/// silence the statement for the test beside it that captures. With two it asks the subscribers.
static SECOND: OnceLock<Dispatch> = OnceLock::new();

/// What a thread has logged since [`capture_logs`]. Dropping it ends the capture.
pub struct CapturedLogs {
    captured: Captured,
    _guard: DefaultGuard,
}

impl CapturedLogs {
    /// The lines that hold all these pieces, each line as compact JSON, oldest first.
    pub fn lines_with(&self, pieces: &[&str]) -> Vec<String> {
        let lines = self.captured.lines().into_iter().map(|line| line.to_string());
        lines.filter(|line| pieces.iter().all(|piece| line.contains(piece))).collect()
    }

    /// All that was told, spans included.
    pub fn all(&self) -> &Captured {
        &self.captured
    }
}

/// Collects what the current thread logs, at every level and formatted as services do, and its spans, every one of
/// which is sampled. A `#[tokio::test]` runs all its tasks on one thread, so their lines are there too.
pub fn capture_logs() -> CapturedLogs {
    SECOND.get_or_init(|| telemetry::capture().0);
    let (dispatch, captured) = telemetry::capture();
    // Once more for statements that were being asked about at this very moment.
    rebuild_interest_cache();
    CapturedLogs { captured, _guard: set_default(&dispatch) }
}

#[cfg(test)]
mod tests {
    use super::capture_logs;

    #[test]
    fn lines_are_found_by_their_pieces() {
        let logs = capture_logs();
        tracing::info!(answer = 42, "found");
        tracing::debug!("other");
        assert_eq!(logs.lines_with(&["found", "\"answer\":42"]).len(), 1);
        // With its name: the time of a line has figures, too.
        assert_eq!(logs.lines_with(&["found", "\"answer\":43"]).len(), 0);
    }
}
