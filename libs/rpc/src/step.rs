//! The shape of every behaviour in both stacks: it sees the request, then the response that comes of it.
//!
//! Bodies are tonic's boxed ones between steps. That costs an allocation per wrapping step and call, and saves every
//! behaviour a named body, a named future and the bounds that come with them.

mod body;

use std::{
    convert::Infallible,
    future::ready,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tonic::{Status, body::Body};
use tower::{Layer, Service};

pub(crate) use body::{BodyStep, Inner, Polled};

pub(crate) type Request = http::Request<Body>;
pub(crate) type Response = http::Response<Body>;

/// One behaviour around a call.
pub(crate) trait Step: Clone + Send + Sync + 'static {
    /// What is kept from the request until the response.
    type Call: Send + 'static;

    /// Sees, and may change, the request. An error is the answer, and nothing further in sees the call.
    fn start(&self, request: &mut Request) -> Result<Self::Call, Status>;

    /// Awaits the response, and may change or replace it.
    fn finish(
        call: Self::Call,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> impl Future<Output = Response> + Send + 'static;
}

/// Puts a step around a service.
#[derive(Clone)]
pub(crate) struct StepLayer<T>(pub(crate) T);

impl<T: Clone, S> Layer<S> for StepLayer<T> {
    type Service = Stepped<T, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Stepped { step: self.0.clone(), inner }
    }
}

/// A service with a step around it.
#[derive(Clone)]
pub(crate) struct Stepped<T, S> {
    step: T,
    inner: S,
}

impl<T, S> Service<Request> for Stepped<T, S>
where
    T: Step,
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        match self.step.start(&mut request) {
            Ok(call) => {
                let pending = self.inner.call(request).map(|Ok(response)| response);
                T::finish(call, pending).map(Ok).boxed()
            }
            Err(status) => ready(Ok(status.into_http())).boxed(),
        }
    }
}

/// Whether a path belongs to the services that watch or describe the others. They stay reachable when the server
/// is full, run without a default deadline, and do not fill the log.
pub(crate) fn is_housekeeping(path: &str) -> bool {
    path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.")
}
