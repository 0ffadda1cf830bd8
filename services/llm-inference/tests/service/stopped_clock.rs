//! Time that passes only when a test says so.

use std::{
    sync::mpsc::{Sender, channel},
    time::Duration,
};

/// Tokio's timers count in milliseconds and never ring early.
const TIMER_ROUNDING: Duration = Duration::from_millis(1);

/// Tokio's clock, stopped until this is dropped.
///
/// A paused clock runs ahead whenever the runtime waits, and so also while the engine's thread works. It does not as
/// long as a blocking task runs: this holds one.
pub(crate) struct StoppedClock {
    _release: Sender<()>,
}

impl StoppedClock {
    pub(crate) fn stop() -> Self {
        tokio::time::pause();
        let (release, released) = channel::<()>();
        // It ends by the error that says that the sender is gone.
        drop(tokio::task::spawn_blocking(move || released.recv()));
        Self { _release: release }
    }

    /// Lets so much time pass, and whatever was to happen until then happen.
    pub(crate) async fn advance(&self, time: Duration) {
        tokio::time::advance(time + TIMER_ROUNDING).await;
    }
}
