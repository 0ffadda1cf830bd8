//! Holds a pod until the response body has ended.

use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use tonic::{Code, Status};

use super::pool::Lease;
use crate::{
    RpcError,
    status::unlogged,
    step::{BodyStep, Inner, Polled},
};

/// Tells the pod's record how the call went, and counts as open until it is dropped.
pub(super) struct HoldLease {
    lease: Option<Lease>,
}

impl HoldLease {
    pub(super) const fn new(lease: Lease) -> Self {
        Self { lease: Some(lease) }
    }

    fn end(&mut self, how: fn(Lease)) {
        if let Some(lease) = self.lease.take() {
            how(lease);
        }
    }

    fn broken(&mut self, error: hyper::Error) -> Status {
        let upstream = self.lease.as_ref().map_or("the upstream", Lease::upstream);
        self.end(Lease::failed);
        tracing::warn!(upstream, %error, "the connection broke during a response");
        unlogged(&RpcError::Broken { upstream, source: error })
    }
}

impl BodyStep<Incoming> for HoldLease {
    fn poll(&mut self, inner: &mut Inner<Incoming>, cx: &mut Context<'_>) -> Polled {
        Poll::Ready(match ready!(inner.poll(cx)) {
            Some(Ok(frame)) => {
                match frame.trailers_ref() {
                    Some(trailers) if speaks_well(trailers.get("grpc-status")) => self.end(Lease::succeeded),
                    Some(_) => self.end(Lease::failed),
                    None => self.lease.iter_mut().for_each(Lease::proved),
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(self.broken(error))),
            None => {
                self.end(Lease::succeeded);
                None
            }
        })
    }
}

/// Whether a status speaks for its pod: every answer but `UNAVAILABLE` does, even that the request was wrong.
pub(super) fn speaks_well(status: Option<&http::HeaderValue>) -> bool {
    status.is_none_or(|status| Code::from_bytes(status.as_bytes()) != Code::Unavailable)
}
