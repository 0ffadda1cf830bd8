//! The response body that holds its pod until it has ended.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tonic::{Code, Status};

use super::pool::Lease;
use crate::{RpcError, status::unlogged};

/// Tells the pod's record how the call went, and counts as open until it is dropped.
pub(super) struct LeasedBody {
    body: Incoming,
    lease: Option<Lease>,
}

impl LeasedBody {
    pub(super) const fn new(body: Incoming, lease: Lease) -> Self {
        Self { body, lease: Some(lease) }
    }

    fn end(&mut self, well: bool) {
        if let Some(lease) = self.lease.take() {
            lease.ended(well);
        }
    }

    fn broken(&mut self, error: hyper::Error) -> Status {
        let upstream = self.lease.as_ref().map_or("the upstream", Lease::upstream);
        self.end(false);
        tracing::warn!(upstream, %error, "the connection broke during a response");
        unlogged(&RpcError::Broken { upstream, source: error })
    }
}

impl http_body::Body for LeasedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        Poll::Ready(match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                match frame.trailers_ref() {
                    Some(trailers) => this.end(speaks_well(trailers.get("grpc-status"))),
                    None => this.lease.iter_mut().for_each(Lease::proved),
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(this.broken(error))),
            None => {
                this.end(true);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether a status speaks for its pod: every answer but `UNAVAILABLE` does, even that the request was wrong.
pub(super) fn speaks_well(status: Option<&http::HeaderValue>) -> bool {
    status.is_none_or(|status| Code::from_bytes(status.as_bytes()) != Code::Unavailable)
}
