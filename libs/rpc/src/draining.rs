//! What a server still has to finish when it drains, and what it only has to end.
//!
//! A call of a service is work, and is waited for. A watch of somebody's health, or an open reflection stream, would go
//! on for ever: it ends once its watcher has heard the news. A connection on which nothing runs is no reason to stay.

use std::{pin::Pin, task::Context, time::Duration};

use futures::FutureExt;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    RpcError,
    status::unlogged,
    step::{BodyStep, Inner, Polled, Request, Response, Step, is_housekeeping},
};

/// How long a watcher of health has to hear that nothing serves any more.
const LAST_NEWS: Duration = Duration::from_millis(100);

/// The calls of a server, and the word that it drains. Clones are the same.
#[derive(Clone)]
pub(crate) struct Calls {
    running: watch::Sender<usize>,
    draining: CancellationToken,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self { running: watch::Sender::new(0), draining: CancellationToken::new() }
    }

    /// Told when no new calls are welcome.
    pub(crate) const fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Ready once nothing has run for `time`.
    pub(crate) async fn idle_for(&self, time: Duration) {
        let mut running = self.running.subscribe();
        loop {
            // The sender lives in this very value.
            let _ = running.wait_for(|running| *running == 0).await;
            if timeout(time, running.wait_for(|running| *running > 0)).await.is_err() {
                return;
            }
        }
    }
}

/// A call that counts until it is dropped.
pub(crate) struct Running(watch::Sender<usize>);

impl Running {
    fn new(calls: &Calls) -> Self {
        calls.running.send_modify(|running| *running += 1);
        Self(calls.running.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running -= 1);
    }
}

/// The step that counts calls and ends housekeeping.
#[derive(Clone)]
pub(crate) struct SeeOut(pub(crate) Calls);

/// What is known of a call while it runs.
pub(crate) enum Leaving {
    Finishes(Running),
    Ends(CancellationToken),
}

impl Step for SeeOut {
    type Call = Leaving;

    fn start(&self, request: &mut Request) -> Result<Leaving, Status> {
        Ok(if is_housekeeping(request.uri().path()) {
            Leaving::Ends(self.0.draining.clone())
        } else {
            Leaving::Finishes(Running::new(&self.0))
        })
    }

    async fn finish(leaving: Leaving, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        match leaving {
            Leaving::Finishes(running) => {
                let response = pending.await;
                response.map(|body| CountUntilEnd { _running: running }.around(body))
            }
            Leaving::Ends(draining) => {
                let response = pending.await;
                let told = draining.cancelled_owned().then(|()| sleep(LAST_NEWS)).boxed();
                response.map(|body| EndAtDrain { told }.around(body))
            }
        }
    }
}

/// Counts the call until its body is dropped.
struct CountUntilEnd {
    _running: Running,
}

impl BodyStep for CountUntilEnd {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        inner.poll(cx)
    }
}

/// Ends a stream that has nothing to say once the server drains.
struct EndAtDrain {
    told: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl BodyStep for EndAtDrain {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let polled = inner.poll(cx);
        if polled.is_pending() && self.told.as_mut().poll(cx).is_ready() {
            return inner.cut_short(&unlogged(&RpcError::Draining));
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::{Calls, Running};

    #[tokio::test(start_paused = true)]
    async fn a_call_that_comes_late_is_waited_for_too() {
        let (calls, began) = (Calls::new(), Instant::now());
        let second = Duration::from_secs(1);
        let late = async {
            let first = Running::new(&calls);
            sleep(second).await;
            drop(first);
            sleep(second / 2).await;
            let late = Running::new(&calls);
            sleep(second).await;
            drop(late);
        };
        tokio::join!(late, calls.idle_for(second));
        assert_eq!(began.elapsed(), second * 7 / 2);
    }
}
