//! The shape of every behaviour around a body: it is asked for each frame, and may see it, replace it or cut the body
//! short.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};

/// What comes of asking a body for its next frame.
pub(crate) type Polled<E = Status> = Poll<Option<Result<Frame<Bytes>, E>>>;

/// One behaviour around a body. It is dropped with the body, and after what is inside.
pub(crate) trait BodyStep<B = Body>: Send + Unpin + Sized + 'static
where
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    /// Asks for the next frame. Not called any more once the body has been cut short.
    fn poll(&mut self, inner: &mut Inner<B>, cx: &mut Context<'_>) -> Polled;

    /// What can be promised of the length where the inner body promises `inner`.
    fn size_hint(&self, inner: SizeHint) -> SizeHint {
        inner
    }

    /// The body with this behaviour around it.
    fn around(self, body: B) -> Body {
        Body::new(Around { inner: Inner(Some(body)), step: self })
    }
}

/// The body inside a behaviour, until it is cut short.
pub(crate) struct Inner<B = Body>(Option<B>);

impl<B: http_body::Body<Data = Bytes> + Unpin> Inner<B> {
    /// The next frame of the body.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Polled<B::Error> {
        self.0.as_mut().map_or(Poll::Ready(None), |body| Pin::new(body).poll_frame(cx))
    }

    /// Drops the body; its last frame is this status, as trailers.
    pub(crate) fn cut_short(&mut self, status: &Status) -> Polled {
        self.0 = None;
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    /// Drops the body; its last frame is these bytes.
    pub(crate) fn end_with(&mut self, bytes: Bytes) -> Polled {
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// Whether nothing follows.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(B::is_end_stream)
    }
}

/// A body with a behaviour around it.
struct Around<T, B> {
    inner: Inner<B>,
    step: T,
}

impl<T, B> http_body::Body for Around<T, B>
where
    T: BodyStep<B>,
    B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let Self { inner, step } = &mut *self;
        if inner.0.is_none() { Poll::Ready(None) } else { step.poll(inner, cx) }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.step.size_hint(self.inner.0.as_ref().map_or_else(SizeHint::default, B::size_hint))
    }
}
