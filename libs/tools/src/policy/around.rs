//! How a policy stands around a call.

use std::{
    future::Future,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use tower::{Layer, Service};

use crate::{Call, Output, ToolsError};

/// Something that is done before, after or instead of the rest of a call.
pub(crate) trait Around: Send + Sync + 'static {
    /// Does it; `rest` is everything below.
    fn around<S: Below>(
        self: Arc<Self>,
        call: Call,
        rest: S,
    ) -> impl Future<Output = Result<Output, ToolsError>> + Send;
}

/// What stands below a policy, ready for one call.
pub(crate) trait Below:
    Service<Call, Response = Output, Error = ToolsError, Future: Send> + Clone + Send + 'static
{
}

impl<S> Below for S where
    S: Service<Call, Response = Output, Error = ToolsError, Future: Send> + Clone + Send + 'static
{
}

/// A policy as a layer.
pub(crate) struct AroundLayer<P>(Arc<P>);

impl<P: Around> AroundLayer<P> {
    pub(crate) fn new(policy: P) -> Self {
        Self::shared(Arc::new(policy))
    }

    /// A policy that stands around other calls, too.
    pub(crate) fn shared(policy: Arc<P>) -> Self {
        Self(policy)
    }
}

impl<P, S> Layer<S> for AroundLayer<P> {
    type Service = Surrounded<P, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Surrounded { policy: Arc::clone(&self.0), inner }
    }
}

/// A service with a policy around it.
pub(crate) struct Surrounded<P, S> {
    policy: Arc<P>,
    inner: S,
}

impl<P, S: Clone> Clone for Surrounded<P, S> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy), inner: self.inner.clone() }
    }
}

impl<P: Around, S: Below> Service<Call> for Surrounded<P, S> {
    type Response = Output;
    type Error = ToolsError;
    type Future = BoxFuture<'static, Result<Output, ToolsError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        // The one that was found ready is the one that is called.
        let next = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, next);
        Box::pin(Arc::clone(&self.policy).around(call, ready))
    }
}
