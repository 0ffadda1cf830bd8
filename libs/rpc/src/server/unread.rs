//! Whether a client still sends a body that nobody reads, such as one that was too large.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Version;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::body::Body;

/// Whether the body of a connection's last request was left before its end. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    /// Whether it was.
    pub(super) fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The request, watched for whether its body is read. HTTP/2 ends streams one by one, and needs none of this.
    pub(super) fn watch(&self, request: http::Request<Incoming>) -> http::Request<Body> {
        self.0.store(false, Ordering::Relaxed);
        if request.version() >= Version::HTTP_2 || request.body().is_end_stream() {
            return request.map(Body::new);
        }
        request.map(|body| Body::new(Watched { body, ended: false, unread: self.clone() }))
    }
}

/// A body that tells when it is left before its end.
struct Watched {
    body: Incoming,
    ended: bool,
    unread: Unread,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}
