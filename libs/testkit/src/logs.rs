//! Log lines, collected.

use telemetry::Captured;
use tracing::subscriber::DefaultGuard;

/// What a thread has logged since [`capture_logs`]. Dropping it ends the capture.
pub struct CapturedLogs {
    lines: Captured,
    _guard: DefaultGuard,
}

impl CapturedLogs {
    /// The lines that hold all these pieces, each line as compact JSON, oldest first.
    pub fn lines_with(&self, pieces: &[&str]) -> Vec<String> {
        let lines = self.lines.lines().into_iter().map(|line| line.to_string());
        lines.filter(|line| pieces.iter().all(|piece| line.contains(piece))).collect()
    }
}

/// Collects what the current thread logs, at every level and formatted as services do. Every trace is sampled and
/// none is exported. A `#[tokio::test]` runs all its tasks on one thread, so their lines are there too.
pub fn capture_logs() -> CapturedLogs {
    let (dispatch, lines) = telemetry::capture();
    CapturedLogs { lines, _guard: tracing::dispatcher::set_default(&dispatch) }
}

#[cfg(test)]
mod tests {
    use super::capture_logs;

    #[test]
    fn lines_are_found_by_their_pieces() {
        let logs = capture_logs();
        tracing::info!(answer = 42, "found");
        tracing::debug!("other");
        assert_eq!(logs.lines_with(&["found", "42"]).len(), 1);
        assert_eq!(logs.lines_with(&["found", "43"]).len(), 0);
    }
}
