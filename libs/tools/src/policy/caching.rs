//! How long answers are kept.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use serde_json::Value;

use super::around::{Around, Below};
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
pub(crate) struct Cached {
    answers: Cache<String, Output>,
    per_caller: bool,
    tool: String,
    metrics: Metrics,
}

impl Cached {
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

impl Around for Cached {
    async fn around<S: Below>(self: Arc<Self>, call: Call, mut rest: S) -> Result<Output, ToolsError> {
        if !call.dialogue.answers.is_empty() || call.dialogue.state.is_some() {
            // What one caller was asked and has answered is nobody else's.
            return rest.call(call).await;
        }
        let key = self.key(&call);
        if let Some(answer) = self.answers.get(&key).await {
            self.metrics.cache_hit(&self.tool);
            return Ok(answer);
        }
        self.metrics.cache_miss(&self.tool);
        let answer = self.answers.try_get_with(key.clone(), async { rest.call(call).await }).await;
        let answer = answer.map_err(|shared: Arc<ToolsError>| (*shared).clone())?;
        if answer.is_error {
            // What a tool refused may be mended a moment later.
            self.answers.invalidate(&key).await;
        }
        Ok(answer)
    }
}
