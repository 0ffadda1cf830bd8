//! A server runs so many calls and sheds the rest at once, because a queue in front of a full service only adds to
//! everybody's wait.
//!
//! A call counts from its first byte to the last one of its answer, but not while its own body is awaited (`slot`).

mod slot;

use std::{sync::Arc, task::Context, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, body::Body};

use self::slot::{Arriving, Slot};
use crate::{
    Refusal, RpcError,
    status::unlogged,
    step::{BodyStep, Inner, Polled, Request, Response, Step, is_housekeeping},
};

/// When a shed call should come back, give or take a half, so that they do not all come at once.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How many different ones are told.
const REFUSALS: usize = 64;

/// Admits a call while there is a permit, and holds the permit until the body has ended.
#[derive(Clone)]
pub(crate) struct LimitConcurrency {
    room: Arc<Semaphore>,
    /// Bytes of the largest message.
    message: usize,
    /// What those are told who come when there is none, with different times to come back.
    refusals: Arc<[Arc<Refusal>]>,
}

impl LimitConcurrency {
    pub(crate) fn new(calls: usize, message: usize) -> Self {
        let room = Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS)));
        let refusals = (0..REFUSALS).map(|_| Arc::new(Refusal::new(&overloaded()))).collect();
        Self { room, message, refusals }
    }

    /// What one more call would be told now, if there is no room for it. Takes no permit: who is let in has to ask
    /// again.
    pub(crate) fn refusal(&self) -> Option<Arc<Refusal>> {
        if self.room.available_permits() > 0 {
            return None;
        }
        fastrand::choice(self.refusals.iter()).cloned()
    }
}

/// What a call holds while it runs.
pub(crate) enum Held {
    /// Housekeeping is not counted.
    Nothing,
    /// The request was whole from the start.
    Permit(OwnedSemaphorePermit),
    /// Its body comes yet.
    Slot(Arc<Slot>),
}

impl Step for LimitConcurrency {
    type Call = Held;

    fn start(&self, request: &mut Request) -> Result<Held, Status> {
        if is_housekeeping(request.uri().path()) {
            return Ok(Held::Nothing);
        }
        let permit = self.room.clone().try_acquire_owned().map_err(|_full| overloaded())?;
        if http_body::Body::is_end_stream(request.body()) {
            return Ok(Held::Permit(permit));
        }
        let slot = Slot::new(self.room.clone(), permit);
        let body = std::mem::replace(request.body_mut(), Body::empty());
        *request.body_mut() = Arriving::new(slot.clone(), self.message).around(body);
        Ok(Held::Slot(slot))
    }

    async fn finish(held: Held, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        let response = pending.await;
        match held {
            Held::Nothing => response,
            // What a handler makes of a body that was cut off is not what the caller is to hear.
            Held::Slot(slot) if slot.is_lost() => overloaded().into_http(),
            Held::Slot(slot) => response.map(|body| Hold { _held: slot }.around(body)),
            Held::Permit(permit) => response.map(|body| Hold { _held: permit }.around(body)),
        }
    }
}

fn overloaded() -> Status {
    let retry_after = RETRY_AFTER.mul_f64(0.5 + fastrand::f64());
    unlogged(&RpcError::Overloaded { retry_after })
}

/// Holds something until the body is dropped.
struct Hold<T> {
    _held: T,
}

impl<T: Send + Unpin + 'static> BodyStep for Hold<T> {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        inner.poll(cx)
    }
}
