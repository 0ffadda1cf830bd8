//! How long answers are kept.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use moka::future::Cache;
use serde_json::Value;
use tower::{Layer, Service};

use crate::{Call, Metrics, Output, ToolsError, descriptor::digest};

/// How long answers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caching {
    /// For how long.
    pub ttl: Duration,
    /// How many bytes of answers, about.
    pub max_bytes: u64,
    /// Whether each caller has answers of its own: for upstreams whose answers depend on who asks.
    pub per_caller: bool,
}

/// Answers what was answered before. Of many who ask the same thing at once, one asks the upstream.
#[derive(Clone)]
pub(crate) struct CachingLayer {
    answers: Cache<String, Output>,
    per_caller: bool,
    tool: Arc<str>,
    metrics: Metrics,
}

impl CachingLayer {
    pub(crate) fn new(tool: &str, caching: Caching, metrics: Metrics) -> Self {
        let answers = Cache::builder()
            .max_capacity(caching.max_bytes)
            .weigher(|key: &String, answer: &Output| {
                (key.len() + answer.size()).try_into().unwrap_or(u32::MAX)
            })
            .time_to_live(caching.ttl)
            .build();
        Self { answers, per_caller: caching.per_caller, tool: tool.into(), metrics }
    }

    fn key(&self, call: &Call) -> String {
        let owner = if self.per_caller { &*call.caller.principal } else { "" };
        let mut asked = Value::Array(vec![owner.into(), Value::Object(call.arguments.clone())]);
        digest(&mut asked)
    }
}

impl<S> Layer<S> for CachingLayer {
    type Service = Cached<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Cached { layer: self.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Cached<S> {
    layer: CachingLayer,
    inner: S,
}

impl<S> Service<Call> for Cached<S>
where
    S: Service<Call, Response = Output, Error = ToolsError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Output;
    type Error = ToolsError;
    type Future = BoxFuture<'static, Result<Output, ToolsError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        Box::pin(async move {
            let key = layer.key(&call);
            if let Some(answer) = layer.answers.get(&key).await {
                layer.metrics.cache_hit(&layer.tool);
                return Ok(answer);
            }
            layer.metrics.cache_miss(&layer.tool);
            let answer = layer.answers.try_get_with(key.clone(), async { inner.call(call).await }).await;
            let answer = answer.map_err(|shared: Arc<ToolsError>| (*shared).clone())?;
            if answer.is_error {
                // What a tool refused may be mended a moment later.
                layer.answers.invalidate(&key).await;
            }
            Ok(answer)
        })
    }
}
