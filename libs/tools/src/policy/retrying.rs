//! How a failed attempt is made again.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use prometheus_client::metrics::counter::Counter;
use rand::Rng;
use tower::retry::{
    Policy,
    budget::{Budget, TpsBudget},
};

use crate::{Call, Output, ToolsError};

/// The memory of a budget.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Retries per second that even a quiet tool has.
const BUDGET_FLOOR: u32 = 1;

/// How a failed attempt is made again. Only idempotent tools are ever retried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retrying {
    /// Attempts in all.
    pub attempts: u32,
    /// The share of calls that may be retried: in an outage retries add this much load and no more.
    pub budget: f32,
    /// The longest first wait; each later one may be twice as long. The wait itself is random.
    pub backoff: Duration,
}

impl Default for Retrying {
    fn default() -> Self {
        Self { attempts: 3, budget: 0.2, backoff: Duration::from_millis(100) }
    }
}

/// The same, counting.
#[derive(Clone)]
pub(crate) struct RetryPolicy {
    settings: Retrying,
    made: u32,
    budget: Arc<TpsBudget>,
    retries: Counter,
}

impl RetryPolicy {
    pub(crate) fn new(settings: Retrying, retries: Counter) -> Self {
        let budget = TpsBudget::new(BUDGET_WINDOW, BUDGET_FLOOR, settings.budget);
        Self { settings, made: 1, budget: Arc::new(budget), retries }
    }

    /// A random wait up to twice the one before.
    fn wait(&self) -> Duration {
        let longest = self.settings.backoff.saturating_mul(1 << (self.made - 1).min(8));
        longest.mul_f64(rand::rng().random::<f64>())
    }
}

impl Policy<Call, Output, ToolsError> for RetryPolicy {
    type Future = BoxFuture<'static, ()>;

    fn retry(&mut self, call: &mut Call, result: &mut Result<Output, ToolsError>) -> Option<Self::Future> {
        let Err(error) = result else {
            self.budget.deposit();
            return None;
        };
        let again = error.is_failure() && !matches!(error, ToolsError::Open { .. });
        if !again || self.made >= self.settings.attempts {
            return None;
        }
        let wait = self.wait();
        // An upstream that asks to be left alone, or a caller that is about to leave, is not asked again.
        let asked_for = fault::Fault::retry_after(error).unwrap_or_default();
        if asked_for > wait || call.patience(Duration::MAX) <= wait || !self.budget.withdraw() {
            return None;
        }
        self.made += 1;
        self.retries.inc();
        Some(Box::pin(tokio::time::sleep(wait)))
    }

    fn clone_request(&mut self, call: &Call) -> Option<Call> {
        Some(call.clone())
    }
}
