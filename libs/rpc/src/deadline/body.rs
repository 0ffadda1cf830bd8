//! The body that a deadline cuts short.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::{Status, body::Body};

use super::exceeded;

/// Ends with `DEADLINE_EXCEEDED` in the trailers once the time is up, and drops the inner body at that moment.
pub(super) struct BoundedBody {
    body: Option<Body>,
    expiry: Pin<Box<Sleep>>,
}

impl BoundedBody {
    pub(super) fn new(body: Body, deadline: Instant) -> Self {
        Self { body: Some(body), expiry: Box::pin(sleep_until(deadline)) }
    }
}

impl http_body::Body for BoundedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
        // The clock comes first: a body that is always ready must end too.
        if this.expiry.as_mut().poll(cx).is_ready() {
            this.body = None;
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(
                exceeded().add_header(&mut trailers).map(|()| Frame::trailers(trailers)),
            ));
        }
        Pin::new(body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }
    // No size hint: a length that was promised could not be kept.
}
