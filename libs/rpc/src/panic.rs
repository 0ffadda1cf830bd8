//! A panic in a handler, or in the stream that it returned, ends that call with `INTERNAL` and no other.

use std::{
    any::Any,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

use crate::{
    RpcError,
    status::unlogged,
    step::{Request, Response},
};

/// Catches panics. Not a step, because it must also stand around the call that makes the future.
#[derive(Clone)]
pub(crate) struct CatchPanic;

impl<S> Layer<S> for CatchPanic {
    type Service = Catching<S>;

    fn layer(&self, inner: S) -> Catching<S> {
        Catching(inner)
    }
}

/// A service whose panics become answers.
#[derive(Clone)]
pub(crate) struct Catching<S>(S);

impl<S> Service<Request> for Catching<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let pending = catch_unwind(AssertUnwindSafe(|| self.0.call(request)));
        async move {
            let outcome = match pending {
                Ok(pending) => AssertUnwindSafe(pending).catch_unwind().await,
                Err(panic) => Err(panic),
            };
            Ok(match outcome {
                Ok(Ok(response)) => response.map(|body| Body::new(CatchingBody(Some(body)))),
                Err(panic) => report(&*panic).into_http(),
            })
        }
        .boxed()
    }
}

/// A body whose panics become trailers.
struct CatchingBody(Option<Body>);

impl http_body::Body for CatchingBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = self.0.as_mut() else { return Poll::Ready(None) };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) {
            Ok(polled) => polled,
            Err(panic) => {
                self.0 = None;
                let mut trailers = HeaderMap::new();
                let status = report(&*panic);
                Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or_else(SizeHint::default, http_body::Body::size_hint)
    }
}

/// The panic's own words go to the log and no further.
fn report(panic: &(dyn Any + Send)) -> Status {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("without a message"), "a handler panicked");
    unlogged(&RpcError::Panicked)
}
