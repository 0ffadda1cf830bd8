//! The rest of a body that nobody reads, read before the answer over HTTP/2 goes.
//!
//! A call may be refused before its message is there. What comes of it after the answer belongs to no stream any more,
//! and h2 counts it as an error of the client's: 256 of them end the connection, with all the calls of others on it.
//! Clients that say nothing wrong would so lose their connection in every overload. A message that was on its way is
//! there a moment later.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::Version;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tonic::body::Body;
use tower::Service;

use super::unread::Unread;
use crate::step::{Request, Response};

/// How long the rest may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most bytes of it: whoever sends more is stopped.
const MOST: usize = 128 * 1024;

/// A service whose answers go when their requests have been read.
#[derive(Clone)]
pub(super) struct ReadOut<S> {
    inner: S,
    /// HTTP/1 has no streams that end one by one: there it is known at the end of the connection.
    unread: Unread,
}

impl<S> ReadOut<S> {
    pub(super) const fn new(inner: S, unread: Unread) -> Self {
        Self { inner, unread }
    }
}

impl<S> Service<http::Request<Incoming>> for ReadOut<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Reading<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Incoming>) -> Self::Future {
        if request.version() < Version::HTTP_2 || request.body().is_end_stream() {
            let pending = self.inner.call(self.unread.watch(request));
            return Reading { pending, left: None, rest: None };
        }
        let left = Left::default();
        let request = request.map(|body| Body::new(Kept { body: Some(body), left: left.clone() }));
        Reading { pending: self.inner.call(request), left: Some(left), rest: None }
    }
}

/// What was left of a body, if it was left before its end.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Option<Incoming>>>);

impl Left {
    fn body(&self) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A body that is not lost when nobody wants it.
struct Kept {
    body: Option<Incoming>,
    left: Left,
}

impl http_body::Body for Kept {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        if body.is_some() {
            *self.left.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        }
    }
}

pin_project! {
    /// An answer, and then what is left of its request.
    pub(super) struct Reading<F> {
        #[pin]
        pending: F,
        left: Option<Left>,
        rest: Option<Rest>,
    }
}

/// What is read until the answer goes.
struct Rest {
    answer: Option<Response>,
    body: Incoming,
    bytes: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Reading<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.rest.is_none() {
            let Ok(answer) = ready!(this.pending.poll(cx));
            let Some(body) = this.left.take().and_then(|left| left.body()) else {
                return Poll::Ready(Ok(answer));
            };
            *this.rest = Some(Rest { answer: Some(answer), body, bytes: 0, patience: None });
        }
        let Some(rest) = this.rest else { return Poll::Pending };
        ready!(rest.poll(cx));
        // Asked for once: a future is not polled after its end.
        Poll::Ready(Ok(rest.answer.take().unwrap_or_default()))
    }
}

impl Rest {
    /// Ready when all is read, or enough.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.bytes <= MOST {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => self.bytes += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
                    return patience.as_mut().poll(cx);
                }
            }
        }
        Poll::Ready(())
    }
}
