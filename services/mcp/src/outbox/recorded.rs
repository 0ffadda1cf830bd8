//! One line and one count for each attempt, whatever became of it.

use fault::{Chain, Fault, Kind};
use tokio::time::Instant;
use url::Url;

use super::{Letter, Metrics, Refusal};
use crate::McpError;

/// An attempt that is going on. Written when it is dropped, which is also how one ends whose caller has left. Of the URL only
/// the host is written: paths and queries of webhooks often are secrets.
pub(super) struct Record {
    metrics: Metrics,
    principal: String,
    request_id: String,
    event: String,
    host: String,
    bytes: usize,
    begun: Instant,
    outcome: &'static str,
    problem: Option<String>,
}

impl Record {
    pub(super) fn begin(letter: &Letter, metrics: Metrics) -> Self {
        let host = Url::parse(&letter.url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self {
            metrics,
            principal: letter.principal.clone(),
            request_id: letter.request_id.clone(),
            event: letter.event_id.clone(),
            host: host.unwrap_or_default(),
            bytes: letter.body.len(),
            begun: Instant::now(),
            outcome: "cancelled",
            problem: None,
        }
    }

    pub(super) fn end(&mut self, outcome: &Result<u16, McpError>) {
        self.outcome = match outcome {
            Ok(_) => "delivered",
            Err(McpError::Webhook { refusal: Refusal::ForGood, .. }) => "refused",
            Err(McpError::NoWebhooks) => "unconfigured",
            Err(error) if matches!(error.kind(), Kind::PermissionDenied | Kind::InvalidArgument) => {
                "forbidden"
            }
            Err(_) => "failed",
        };
        self.problem = outcome.as_ref().err().map(|error| Chain(error).to_string());
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let elapsed = self.begun.elapsed();
        self.metrics.attempted(self.outcome, elapsed);
        tracing::info!(
            target: "ondol::audit",
            principal = self.principal,
            request_id = self.request_id,
            event = self.event,
            host = self.host,
            outcome = self.outcome,
            bytes = self.bytes,
            duration_ms = elapsed.as_secs_f64() * 1e3,
            problem = self.problem,
            "webhook sent"
        );
    }
}
