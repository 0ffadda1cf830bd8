//! One line and one count for each call, whatever became of it.

use std::sync::Arc;

use fault::{Chain, Fault};
use tokio::time::Instant;
use tracing::{Instrument, Span, field::Empty, info_span};

use super::around::{Around, Below};
use crate::{Call, Metrics, Output, ToolsError};

/// Writes the audit line and counts. The outermost layer: it sees the refused ones too. Neither arguments nor answers
/// are written, only their size: both may hold what is nobody's business.
pub(crate) struct Recorded {
    tool: Arc<str>,
    metrics: Metrics,
}

impl Recorded {
    pub(crate) fn new(tool: &str, metrics: Metrics) -> Self {
        Self { tool: tool.into(), metrics }
    }
}

impl Around for Recorded {
    async fn around<S: Below>(self: Arc<Self>, call: Call, mut rest: S) -> Result<Output, ToolsError> {
        let mut record = Record {
            tool: Arc::clone(&self.tool),
            metrics: self.metrics.clone(),
            principal: Arc::clone(&call.caller.principal),
            request_id: call.request_id.clone(),
            trace: call.trace.clone(),
            span: span(&self.tool, &call.span),
            begun: Instant::now(),
            ended: None,
        };
        let answer = rest.call(call).instrument(record.span.clone()).await;
        record.end(&answer);
        answer
    }
}

/// The call in its trace, named as OpenTelemetry's conventions for models have it.
fn span(tool: &str, parent: &Span) -> Span {
    info_span!(
        parent: parent,
        "tool",
        otel.name = format_args!("execute_tool {tool}"),
        otel.status_code = Empty,
        gen_ai.tool.name = tool,
        outcome = Empty,
    )
}

/// A call that is going on. Written when it is dropped, which is also how a call ends whose caller has left.
struct Record {
    tool: Arc<str>,
    metrics: Metrics,
    principal: Arc<str>,
    request_id: String,
    trace: Option<String>,
    span: Span,
    begun: Instant,
    ended: Option<Ended>,
}

struct Ended {
    /// `ok`, `refused` (an answer that is an error), or the reason of a fault.
    outcome: &'static str,
    bytes: usize,
    problem: Option<String>,
}

impl Record {
    fn end(&mut self, answer: &Result<Output, ToolsError>) {
        self.ended = Some(Ended::of(answer));
    }
}

impl Ended {
    fn of(answer: &Result<Output, ToolsError>) -> Self {
        match answer {
            Ok(answer) => {
                let outcome = if answer.is_error { "refused" } else { "ok" };
                Self { outcome, bytes: answer.size(), problem: None }
            }
            Err(error) => Self { outcome: error.reason(), bytes: 0, problem: Some(Chain(error).to_string()) },
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let elapsed = self.begun.elapsed();
        let left = Ended { outcome: "CANCELLED", bytes: 0, problem: None };
        let Ended { outcome, bytes, problem } = self.ended.take().unwrap_or(left);
        self.metrics.called(&self.tool, outcome, (elapsed, self.trace.take()), bytes);
        self.span.record("outcome", outcome);
        if problem.is_some() {
            self.span.record("otel.status_code", "ERROR");
        }
        let _entered = self.span.enter();
        tracing::info!(
            target: "ondol::audit",
            tool = &*self.tool,
            principal = &*self.principal,
            request_id = self.request_id,
            outcome,
            bytes,
            duration_ms = elapsed.as_secs_f64() * 1e3,
            problem,
            "tool called"
        );
    }
}
