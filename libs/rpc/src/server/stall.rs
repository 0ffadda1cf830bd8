//! Clients that do not take what they have asked for.
//!
//! hyper asks a body for more only when there is room for it, so an answer that nobody takes is not asked at all:
//! neither its deadline nor the drop of its caller would ever be noticed, and it would hold its place for as long as
//! the client likes.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::step::{BodyStep, Inner, Polled, Response};

/// Nothing waits to be taken.
const TAKEN: u64 = 0;

/// Since when something waits: in milliseconds of the connection, or [`TAKEN`].
#[derive(Debug, Default)]
pub(super) struct Waiting(AtomicU64);

/// The answers of one connection, and what it writes.
#[derive(Clone)]
pub(super) struct Stalls(Arc<Inside>);

struct Inside {
    began: Instant,
    waiting: Mutex<Vec<Weak<Waiting>>>,
}

impl Stalls {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inside { began: Instant::now(), waiting: Mutex::default() }))
    }

    /// Something that may wait on this connection, for as long as it is kept.
    pub(super) fn waiting(&self) -> Arc<Waiting> {
        let waiting = Arc::new(Waiting::default());
        let mut all = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Only before it would grow, so that no answer pays for all the others.
        if all.len() == all.capacity() {
            all.retain(|one| one.strong_count() > 0);
        }
        all.push(Arc::downgrade(&waiting));
        waiting
    }

    /// Begins to wait, where it did not yet.
    pub(super) fn wait(&self, waiting: &Waiting) {
        let _waits_already =
            waiting.0.compare_exchange(TAKEN, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The answer as it is watched.
    pub(super) fn watch(&self, response: Response) -> Response {
        if http_body::Body::is_end_stream(response.body()) {
            return response;
        }
        let taken = Taken { waiting: self.waiting(), stalls: self.clone() };
        response.map(|body| taken.around(body))
    }

    /// Ready once something has waited for `patience`.
    pub(super) async fn stalled(&self, patience: Duration) {
        loop {
            sleep(patience / 4).await;
            // What begins to wait meanwhile is younger than this.
            let now = self.now();
            let all = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let since = all.iter().filter_map(Weak::upgrade).map(|one| one.0.load(Ordering::Relaxed));
            let oldest = since.filter(|since| *since != TAKEN).min();
            if oldest.is_some_and(|since| u128::from(now.saturating_sub(since)) >= patience.as_millis()) {
                return;
            }
        }
    }

    fn now(&self) -> u64 {
        // A connection does not live for a million years; its first moment must not look like none.
        self.0.began.elapsed().as_millis() as u64 + 1
    }
}

impl Waiting {
    /// Waits no more.
    pub(super) fn taken(&self) {
        self.0.store(TAKEN, Ordering::Relaxed);
    }
}

/// A body that knows whether it is asked for more.
struct Taken {
    waiting: Arc<Waiting>,
    stalls: Stalls,
}

impl BodyStep for Taken {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        self.waiting.taken();
        let polled = inner.poll(cx);
        if matches!(&polled, Poll::Ready(Some(Ok(_)))) {
            self.stalls.wait(&self.waiting);
        }
        polled
    }
}
