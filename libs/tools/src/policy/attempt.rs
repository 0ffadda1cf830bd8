//! How long one attempt may take.
//!
//! This is the innermost clock. It lies inside the breaker, so that an upstream that does not answer counts as one that
//! fails; the caller's own deadline only shortens it.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::{Call, Metrics, Output, ToolsError};

/// Ends attempts that take too long, and counts them for their upstream.
#[derive(Clone)]
pub(crate) struct AttemptLayer {
    tool: Arc<str>,
    upstream: Arc<str>,
    limit: Duration,
    metrics: Metrics,
}

impl AttemptLayer {
    pub(crate) fn new(tool: &str, upstream: &str, limit: Duration, metrics: Metrics) -> Self {
        Self { tool: tool.into(), upstream: upstream.into(), limit, metrics }
    }
}

impl<S> Layer<S> for AttemptLayer {
    type Service = Attempt<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Attempt { layer: self.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Attempt<S> {
    layer: AttemptLayer,
    inner: S,
}

impl<S> Service<Call> for Attempt<S>
where
    S: Service<Call, Response = Output, Error = ToolsError>,
    S::Future: Send + 'static,
{
    type Response = Output;
    type Error = ToolsError;
    type Future = BoxFuture<'static, Result<Output, ToolsError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let limit = call.patience(self.layer.limit);
        let layer = self.layer.clone();
        let pending = self.inner.call(call);
        Box::pin(async move {
            let begun = Instant::now();
            let timed_out = || Err(ToolsError::TimedOut { name: layer.tool.to_string(), limit });
            let answer = within(limit, pending).await.unwrap_or_else(timed_out);
            let failed = answer.as_ref().is_err_and(ToolsError::is_failure);
            layer.metrics.attempted(&layer.upstream, failed, begun.elapsed());
            answer
        })
    }
}

/// Waits for something, but not longer than this.
pub(super) async fn within<T>(limit: Duration, pending: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, pending).await.ok()
}
