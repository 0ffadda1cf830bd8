//! A panic in a handler, or in the stream that it returned, ends that call with `INTERNAL` and no other.

use std::{
    any::Any,
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tonic::Status;
use tower::{Layer, Service};

use crate::{
    RpcError,
    status::unlogged,
    step::{BodyStep, Inner, Polled, Request, Response},
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
                Ok(Ok(response)) => response.map(|body| CatchInBody.around(body)),
                Err(panic) => report(&*panic).into_http(),
            })
        }
        .boxed()
    }
}

/// Turns a panic of the body into its trailers.
struct CatchInBody;

impl BodyStep for CatchInBody {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let polled = catch_unwind(AssertUnwindSafe(|| inner.poll(cx)));
        polled.unwrap_or_else(|panic| inner.cut_short(&report(&*panic)))
    }
}

/// The panic's own words go to the log and no further.
fn report(panic: &(dyn Any + Send)) -> Status {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = words.unwrap_or("without a message"), "a handler panicked");
    unlogged(&RpcError::Panicked)
}
