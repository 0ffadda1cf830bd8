//! One address of an upstream: its connection, its open calls, its record.

use std::{
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use hyper::client::conn::http2::SendRequest;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::health::Health;

/// What can be said about the connection to an address.
pub(super) enum Link {
    /// Being made, for the first time or after one that worked.
    Connecting,
    /// Made.
    Ready(SendRequest<Body>),
    /// The attempt of this number failed or did not last; the next one waits.
    Failed(u64),
}

/// An address, shared by the pool, the task that connects to it and the calls that run on it.
pub(super) struct Endpoint {
    address: SocketAddr,
    /// Calls whose response body has not ended.
    open: AtomicUsize,
    state: Mutex<State>,
    /// Told when a call would have the next attempt at once.
    wanted: Notify,
    retired: CancellationToken,
}

struct State {
    link: Link,
    health: Health,
}

impl Endpoint {
    pub(super) fn new(address: SocketAddr, retired: CancellationToken) -> Self {
        let state = Mutex::new(State { link: Link::Connecting, health: Health::default() });
        Self { address, open: AtomicUsize::new(0), state, wanted: Notify::new(), retired }
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How busy the pod is with calls of ours.
    pub(super) fn load(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Cancelled when the name no longer has this address, or the upstream is closed.
    pub(super) const fn retired(&self) -> &CancellationToken {
        &self.retired
    }

    pub(super) fn set_link(&self, link: Link) {
        self.state().link = link;
    }

    /// Whether a call that came before the attempt `since` may hope for this connection: while no attempt after the
    /// call has failed. Asks for one where none is under way. A sender that has closed is news to come.
    pub(super) fn may_connect(&self, since: u64) -> bool {
        let hopeful = match &self.state().link {
            Link::Connecting => return true,
            Link::Ready(sender) => return sender.is_closed(),
            Link::Failed(attempt) => *attempt < since,
        };
        if hopeful {
            self.wanted.notify_one();
        }
        hopeful
    }

    /// Ready when a call waits for this connection.
    pub(super) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(&self.state().link, Link::Ready(sender) if !sender.is_closed())
    }

    pub(super) fn is_out(&self) -> bool {
        self.state().health.is_out()
    }

    pub(super) fn admits(&self, now: Instant) -> bool {
        self.state().health.admits(now)
    }

    /// Opens a call: the sender, and whether the call is a probe. `None` where the connection has just gone.
    pub(super) fn open(&self, now: Instant) -> Option<(SendRequest<Body>, bool)> {
        let mut state = self.state();
        let Link::Ready(sender) = &state.link else { return None };
        let sender = sender.clone();
        self.open.fetch_add(1, Ordering::Relaxed);
        Some((sender, state.health.called(now)))
    }

    /// Closes a call.
    pub(super) fn close(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Changes the record.
    pub(super) fn health<T>(&self, change: impl FnOnce(&mut Health) -> T) -> T {
        change(&mut self.state().health)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is one assignment: a panic elsewhere leaves nothing half-done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
