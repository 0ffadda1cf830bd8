//! A server runs so many calls and sheds the rest at once, because a queue in front of a full service only adds to
//! everybody's wait.

use std::{sync::Arc, task::Context, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::{
    RpcError,
    status::unlogged,
    step::{BodyStep, Inner, Polled, Request, Response, Step, is_housekeeping},
};

/// When a shed call should come back, give or take a half, so that they do not all come at once.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Admits a call while there is a permit, and holds the permit until the body has ended.
#[derive(Clone)]
pub(crate) struct LimitConcurrency(Arc<Semaphore>);

impl LimitConcurrency {
    pub(crate) fn new(calls: usize) -> Self {
        Self(Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS))))
    }

    /// What one more call would be told now, if there is no room for it. Takes no permit: who is let in has to ask again.
    pub(crate) fn refusal(&self) -> Option<Status> {
        (self.0.available_permits() == 0).then(overloaded)
    }
}

impl Step for LimitConcurrency {
    type Call = Option<OwnedSemaphorePermit>;

    fn start(&self, request: &mut Request) -> Result<Self::Call, Status> {
        if is_housekeeping(request.uri().path()) {
            return Ok(None);
        }
        self.0.clone().try_acquire_owned().map(Some).map_err(|_full| overloaded())
    }

    async fn finish(
        permit: Self::Call,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let response = pending.await;
        response.map(|body| match permit {
            Some(permit) => HoldPermit { _permit: permit }.around(body),
            None => body,
        })
    }
}

fn overloaded() -> Status {
    let retry_after = RETRY_AFTER.mul_f64(0.5 + fastrand::f64());
    unlogged(&RpcError::Overloaded { retry_after })
}

/// Holds the permit until the body is dropped.
struct HoldPermit {
    _permit: OwnedSemaphorePermit,
}

impl BodyStep for HoldPermit {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        inner.poll(cx)
    }
}
