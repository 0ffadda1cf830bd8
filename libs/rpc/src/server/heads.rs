//! How long a client over HTTP/1 may take for the head of a request, and how long for none at all.
//!
//! hyper has one limit for both. A head that drips has to be cut off soon, but a load balancer keeps connections that
//! nobody uses for a minute, and sends a request on one that closes at that very moment: it would be lost. So hyper
//! gets the longer limit, and a clock that strikes earlier once a head has begun.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use tokio::time;

use super::hearing::Heard;

/// The clock of one connection, on which hyper times nothing but heads.
pub(super) struct Heads {
    heard: Heard,
    /// How long a head may take.
    patience: Duration,
    /// Whether it has been asked before: what was heard until then belongs to the first head.
    asked: AtomicBool,
}

impl Heads {
    pub(super) const fn new(heard: Heard, patience: Duration) -> Self {
        Self { heard, patience, asked: AtomicBool::new(false) }
    }
}

impl Timer for Heads {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        if self.asked.swap(true, Ordering::Relaxed) {
            self.heard.forget();
        }
        let silence = time::Instant::from_std(deadline);
        let clock = Box::pin(time::sleep_until(silence));
        Box::pin(Head { heard: self.heard.clone(), patience: self.patience, silence, clock })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }
}

/// One head that is waited for.
struct Head {
    heard: Heard,
    patience: Duration,
    /// When it is too late for it to begin.
    silence: time::Instant,
    clock: Pin<Box<time::Sleep>>,
}

impl Sleep for Head {}

impl Future for Head {
    type Output = ();

    /// hyper asks again whenever it has read something, so the beginning of a head is noticed.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let deadline = this.heard.since().map_or(this.silence, |since| since + this.patience);
        if this.clock.deadline() != deadline {
            this.clock.as_mut().reset(deadline);
        }
        this.clock.as_mut().poll(cx)
    }
}
