//! How long one attempt may take.
//!
//! This is the innermost clock. It lies inside the breaker, so that an upstream that does not answer counts as one that
//! fails; the caller's own deadline only shortens it.

use std::{sync::Arc, time::Duration};

use fault::Fault;
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty, info_span};

use super::around::{Around, Below};
use crate::{Call, Metrics, Output, Preparing, ToolsError};

/// Ends attempts that take too long, and counts them for their upstream.
pub(crate) struct Attempt {
    tool: String,
    upstream: String,
    limit: Duration,
    metrics: Metrics,
}

impl Attempt {
    pub(crate) fn new(tool: &str, upstream: &str, limit: Duration, metrics: Metrics) -> Self {
        Self { tool: tool.into(), upstream: upstream.into(), limit, metrics }
    }

    /// The attempt in the trace of its call. The upstream is not told of that trace: its ids stay at home.
    fn span(&self) -> Span {
        info_span!(
            "attempt",
            otel.name = format_args!("attempt {}", self.upstream),
            otel.kind = "client",
            otel.status_code = Empty,
            upstream = self.upstream,
            outcome = Empty,
        )
    }

    /// No answer in `limit`, whoever has set it.
    fn timed_out(&self, limit: Duration, whole: Option<Duration>, preparing: &Preparing) -> ToolsError {
        let name = self.tool.clone();
        if preparing.is_going_on() {
            return ToolsError::Unprepared { name, limit };
        }
        match whole.filter(|whole| limit < self.limit && limit < *whole) {
            Some(whole) => ToolsError::OutOfTime { name, whole, rest: limit },
            None => ToolsError::TimedOut { name, limit },
        }
    }
}

impl Around for Attempt {
    async fn around<S: Below>(self: Arc<Self>, call: Call, mut rest: S) -> Result<Output, ToolsError> {
        let (limit, whole, preparing) = (call.patience(self.limit), call.whole, call.preparing.clone());
        let begun = Instant::now();
        let timed_out = || Err(self.timed_out(limit, whole, &preparing));
        let span = self.span();
        let attempt = within(limit, rest.call(call)).instrument(span.clone());
        let answer = attempt.await.unwrap_or_else(timed_out);
        if let Err(error) = &answer {
            span.record("outcome", error.reason());
            span.record("otel.status_code", "ERROR");
        }
        if !answer.as_ref().is_err_and(ToolsError::never_left) {
            let failed = answer.as_ref().is_err_and(ToolsError::blames_upstream);
            let bytes = answer.as_ref().map_or(0, Output::size);
            self.metrics.attempted(&self.upstream, failed, begun.elapsed(), bytes);
        }
        answer
    }
}

/// Waits for something, but not longer than this.
pub(super) async fn within<T>(limit: Duration, pending: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, pending).await.ok()
}
