//! From start to exit: what ends a process, and how it goes.

use std::{
    future::Future, panic::AssertUnwindSafe, process::ExitCode, sync::atomic::Ordering, time::Duration,
};

use fault::Rounded;
use futures::FutureExt;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{error, info, warn};

use crate::{BoxError, Life, Signal, Signals, tasks::panic_message};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything finished.
    Completed,
    /// The start or a task failed, or the grace ended before the work did. The log says which.
    Failed,
    /// A second signal cut the drain short.
    Aborted(Signal),
}

impl Exit {
    /// The code that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Completed => 0,
            Self::Failed => 1,
            Self::Aborted(signal) => signal.exit_code(),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Sees one life through.
#[derive(Debug)]
pub struct Supervisor {
    /// The life, before anything was spawned on it.
    pub life: Life,
    /// What may end it from outside.
    pub signals: Signals,
    /// How long draining may take.
    pub grace: Duration,
    /// How long the process serves on, not ready, before it drains.
    pub drain_delay: Duration,
}

impl Supervisor {
    /// Starts, waits for a reason to end, drains.
    pub async fn run<S, F, E>(mut self, start: S) -> Exit
    where
        S: FnOnce(Life) -> F,
        F: Future<Output = Result<(), E>>,
        E: Into<BoxError>,
    {
        let mut signals_seen = 0;
        let life = self.life.clone();
        let live = async {
            if begin(&life, start).await {
                life.process.idle().await;
            }
        };
        tokio::select! {
            biased;
            signal = self.signals.next() => {
                info!(?signal, "shutting down");
                signals_seen = 1;
            }
            () = life.process.stop.cancelled() => info!("shutting down"),
            () = live => {}
        }
        self.drain(signals_seen).await
    }

    async fn drain(mut self, signals_seen: u32) -> Exit {
        let process = &self.life.process;
        process.board.stop();
        process.stopping.cancel();
        // Nobody would notice the delay but the person waiting for a process that has nothing to finish.
        let delay = if process.is_idle() { Duration::ZERO } else { self.drain_delay };
        let deadline = Instant::now() + delay + self.grace;
        process.drain_deadline.get_or_init(|| deadline);
        let drained = async {
            sleep(delay).await;
            process.drain().await;
        };
        tokio::select! {
            biased;
            signal = abort_signal(&mut self.signals, signals_seen) => {
                warn!(?signal, dropped = process.abort().join(", "), "asked again: ending at once");
                return Exit::Aborted(signal);
            }
            outcome = timeout_at(deadline, drained) => if outcome.is_err() {
                let dropped = process.abort().join(", ");
                error!(dropped, "the grace of {} ended before these tasks did", Rounded(self.grace));
                return Exit::Failed;
            }
        }
        let exit = if process.failed.load(Ordering::Acquire) { Exit::Failed } else { Exit::Completed };
        info!("ended");
        exit
    }
}

/// Runs the service's start; `false` when it failed.
async fn begin<S, F, E>(life: &Life, start: S) -> bool
where
    S: FnOnce(Life) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    let started = life.readiness("start");
    let since = Instant::now();
    let result = match AssertUnwindSafe(start(life.clone())).catch_unwind().await {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => Err(panic_message(panic.as_ref())),
    };
    if let Err(failure) = result {
        life.process.fail("cannot start", failure.as_ref());
        return false;
    }
    started.ready();
    info!(milliseconds = since.elapsed().as_millis() as u64, "started");
    true
}

/// The second signal, counting those before the drain.
async fn abort_signal(signals: &mut Signals, seen: u32) -> Signal {
    let signal = signals.next().await;
    if seen > 0 {
        return signal;
    }
    info!(?signal, "shutting down already; a second signal ends the process at once");
    signals.next().await
}
