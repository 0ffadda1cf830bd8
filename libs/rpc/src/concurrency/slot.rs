//! The place of a call, which is free for others while nothing is done for it but to wait for its own body: a client
//! that sends slowly, or not at all, costs nobody else a place.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::overloaded;
use crate::step::{BodyStep, Inner, Polled};

/// The place of one call.
pub(crate) struct Slot {
    room: Arc<Semaphore>,
    /// Nothing while others may have the place.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
    /// Others had it when the body was there.
    lost: AtomicBool,
}

impl Slot {
    pub(super) fn new(room: Arc<Semaphore>, permit: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self { room, permit: Mutex::new(Some(permit)), lost: AtomicBool::new(false) })
    }

    /// Whether the call cannot go on.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    fn leave(&self) {
        drop(self.permit().take());
    }

    /// Takes a place again, where one is left.
    fn come_back(&self) {
        let mut permit = self.permit();
        if permit.is_none() && !self.is_lost() {
            *permit = self.room.clone().try_acquire_owned().ok();
            self.lost.store(permit.is_none(), Ordering::Relaxed);
        }
    }

    fn permit(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body whose call has its place from the moment that all of it is there. One that is longer than a message is worked
/// on while it comes, as an upload is: its call keeps its place.
pub(super) struct Arriving {
    slot: Arc<Slot>,
    message: usize,
    received: usize,
}

impl Arriving {
    /// `message` is the largest one, in bytes.
    pub(super) fn new(slot: Arc<Slot>, message: usize) -> Self {
        Self { slot, message, received: 0 }
    }

    fn is_long(&self) -> bool {
        self.received > self.message
    }
}

impl BodyStep for Arriving {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let polled = inner.poll(cx);
        let there = match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.received += frame.data_ref().map_or(0, Bytes::len);
                self.is_long() || inner.is_end_stream()
            }
            Poll::Ready(None) => true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if there {
            self.slot.come_back();
        } else if polled.is_pending() && !self.is_long() {
            self.slot.leave();
        }
        if self.slot.is_lost() { Poll::Ready(Some(Err(overloaded()))) } else { polled }
    }
}
