//! A server runs so many calls and sheds the rest at once, because a queue in front of a full service only adds to
//! everybody's wait.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Status, body::Body};

use crate::{
    RpcError,
    status::unlogged,
    step::{Request, Response, Step, is_housekeeping},
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
}

impl Step for LimitConcurrency {
    type Call = Option<OwnedSemaphorePermit>;

    fn start(&self, request: &mut Request) -> Result<Self::Call, Status> {
        if is_housekeeping(request.uri().path()) {
            return Ok(None);
        }
        self.0.clone().try_acquire_owned().map(Some).map_err(|_full| {
            let retry_after = RETRY_AFTER.mul_f64(0.5 + fastrand::f64());
            unlogged(&RpcError::Overloaded { retry_after })
        })
    }

    async fn finish(
        permit: Self::Call,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let response = pending.await;
        response.map(|body| match permit {
            Some(permit) => Body::new(Holding { body, _permit: permit }),
            None => body,
        })
    }
}

/// A body that holds something until it is dropped.
struct Holding {
    body: Body,
    _permit: OwnedSemaphorePermit,
}

impl http_body::Body for Holding {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
