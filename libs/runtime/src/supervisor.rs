//! From start to exit: what ends a process, and how it goes.

use std::{
    future::Future, panic::AssertUnwindSafe, process::ExitCode, sync::atomic::Ordering, time::Duration,
};

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Completed => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Aborted(signal) => Self::from(signal.exit_code()),
        }
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
                warn!(?signal, "asked again: ending at once, without {:?}", process.abort());
                return Exit::Aborted(signal);
            }
            outcome = timeout_at(deadline, drained) => if outcome.is_err() {
                let dropped = process.abort();
                error!(?dropped, "the grace of {:?} ended before these tasks did", self.grace);
                return Exit::Failed;
            }
        }
        if process.failed.load(Ordering::Acquire) { Exit::Failed } else { Exit::Completed }
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
    info!(seconds = since.elapsed().as_secs_f64(), "started");
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

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        future, io,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use tokio::{
        sync::mpsc,
        time::{Instant, sleep},
    };

    use super::{Exit, Supervisor};
    use crate::{BoxError, Life, Signal, Signals};

    const GRACE: Duration = Duration::from_secs(30);

    fn supervisor(drain_delay: Duration) -> (mpsc::Sender<Signal>, Supervisor) {
        let (sender, signals) = Signals::channel();
        (sender, Supervisor { life: Life::new(), signals, grace: GRACE, drain_delay })
    }

    fn nothing_wrong() -> Result<(), Infallible> {
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_runs_when_the_signal_comes_is_finished() {
        let (signals, supervisor) = supervisor(Duration::ZERO);
        let finished = Arc::new(Mutex::new(None));
        let told = Arc::clone(&finished);
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            let draining = life.draining();
            life.spawn("server", async move {
                draining.await;
                sleep(Duration::from_secs(20)).await;
                *told.lock().unwrap() = Some(began.elapsed());
            });
            signals.send(Signal::Terminate).await.unwrap();
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Completed);
        assert_eq!(*finished.lock().unwrap(), Some(Duration::from_secs(20)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_grace_bounds_a_task_that_never_ends() {
        let (signals, supervisor) = supervisor(Duration::ZERO);
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            life.spawn("stuck", future::pending::<()>());
            signals.send(Signal::Terminate).await.unwrap();
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Failed);
        assert_eq!(began.elapsed(), GRACE);
    }

    #[tokio::test(start_paused = true)]
    async fn readiness_ends_with_the_signal_and_draining_begins_after_the_delay() {
        let (signals, supervisor) = supervisor(Duration::from_secs(5));
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            let mut changes = life.readiness_changes();
            life.spawn("server", async move {
                let draining = life.draining();
                while !changes.next().await {}
                signals.send(Signal::Terminate).await.unwrap();
                assert!(!changes.next().await);
                assert_eq!(began.elapsed(), Duration::ZERO);
                draining.await;
                assert_eq!(began.elapsed(), Duration::from_secs(5));
                assert_eq!(life.drain_deadline(), Some(began + Duration::from_secs(5) + GRACE));
            });
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Completed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_signal_ends_the_process_at_once() {
        let (signals, supervisor) = supervisor(Duration::ZERO);
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            life.spawn("stuck", future::pending::<()>());
            signals.send(Signal::Terminate).await.unwrap();
            signals.send(Signal::Interrupt).await.unwrap();
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Aborted(Signal::Interrupt));
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_signal_interrupts_a_long_start() {
        let (signals, supervisor) = supervisor(Duration::from_secs(5));
        signals.send(Signal::Interrupt).await.unwrap();
        let exit = supervisor.run(|_| future::pending::<Result<(), Infallible>>());
        assert_eq!(exit.await, Exit::Completed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_or_panicking_task_ends_the_process_in_good_order() {
        for panics in [false, true] {
            let (_signals, supervisor) = supervisor(Duration::ZERO);
            let drained = Arc::new(Mutex::new(false));
            let told = Arc::clone(&drained);
            let exit = supervisor.run(async |life: Life| {
                let draining = life.draining();
                life.spawn("server", async move {
                    draining.await;
                    *told.lock().unwrap() = true;
                });
                life.spawn("loop", async move {
                    assert!(!panics, "out of luck");
                    Err::<(), BoxError>("out of luck".into())
                });
                nothing_wrong()
            });
            assert_eq!(exit.await, Exit::Failed);
            assert!(*drained.lock().unwrap(), "the other task was drained");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_start_drains_what_it_had_spawned() {
        let (_signals, supervisor) = supervisor(Duration::ZERO);
        let exit = supervisor.run(async |life: Life| {
            life.spawn("server", life.draining());
            Err::<(), _>(io::Error::other("no model"))
        });
        assert_eq!(exit.await, Exit::Failed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_ends_when_its_last_task_does() {
        let (_signals, supervisor) = supervisor(Duration::from_secs(5));
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            for seconds in [3, 1] {
                life.spawn("job", sleep(Duration::from_secs(seconds)));
            }
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Completed);
        assert_eq!(began.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn callers_drain_before_those_they_call() {
        let (_signals, supervisor) = supervisor(Duration::ZERO);
        let order = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&order);
        let exit = supervisor.run(async |life: Life| {
            for name in ["llm-inference", "api"] {
                let (component, order) = (life.component(name), Arc::clone(&told));
                let draining = component.draining();
                component.spawn("server", async move {
                    draining.await;
                    sleep(Duration::from_secs(1)).await;
                    order.lock().unwrap().push(name);
                });
            }
            life.stop("the test is over");
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Completed);
        assert_eq!(*order.lock().unwrap(), ["api", "llm-inference"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_signal_of_a_drain_that_no_signal_began_is_only_heard() {
        let (signals, supervisor) = supervisor(Duration::ZERO);
        let began = Instant::now();
        let exit = supervisor.run(async |life: Life| {
            let draining = life.draining();
            life.spawn("server", async move {
                draining.await;
                signals.send(Signal::Terminate).await.unwrap();
                sleep(Duration::from_secs(2)).await;
            });
            life.stop("the test is over");
            nothing_wrong()
        });
        assert_eq!(exit.await, Exit::Completed);
        assert_eq!(began.elapsed(), Duration::from_secs(2));
    }
}
