//! When an upstream is left alone.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use tower::{Layer, Service};
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, CircuitState,
    FailureClassifier, SlidingWindowType,
};

use crate::{Call, Metrics, Output, ToolsError};

/// Upstreams that are remembered. Those of configuration are few; this bounds those that callers choose.
const MAX_UPSTREAMS: usize = 1024;

/// When an upstream is left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tripping {
    /// The share of failed calls within the window that opens it.
    pub failure_rate: f64,
    /// A call that takes longer than this is slow.
    pub slow_after: Duration,
    /// The share of slow calls within the window that opens it.
    pub slow_rate: f64,
    /// The window that is looked at.
    pub window: Duration,
    /// How many calls it takes to judge.
    pub min_calls: usize,
    /// How long the upstream is left alone before it is probed.
    pub open_for: Duration,
    /// How many calls probe it.
    pub probes: usize,
}

impl Default for Tripping {
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            slow_after: Duration::from_secs(5),
            slow_rate: 0.8,
            window: Duration::from_secs(10),
            min_calls: 10,
            open_for: Duration::from_secs(10),
            probes: 3,
        }
    }
}

/// What a breaker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// Some calls go through, to see.
    HalfOpen,
    /// None does.
    Open,
}

/// What counts against an upstream: what it failed at itself, wherever else it led.
#[derive(Clone, Copy, Debug)]
struct Failures;

impl FailureClassifier<Output, ToolsError> for Failures {
    fn classify(&self, result: &Result<Output, ToolsError>) -> bool {
        result.as_ref().is_err_and(ToolsError::blames_upstream)
    }
}

/// The breakers of all upstreams, one each, whichever tool calls. They outlive a reload of the tools.
#[derive(Clone)]
pub struct Breakers {
    known: Arc<Mutex<HashMap<Arc<str>, BreakerLayer>>>,
    metrics: Metrics,
}

impl Breakers {
    /// None yet.
    pub fn new(metrics: Metrics) -> Self {
        Self { known: Arc::default(), metrics }
    }

    /// The breaker of one upstream. It begins anew where its settings have changed.
    pub(crate) fn of(&self, upstream: &str, tripping: Tripping) -> Result<BreakerLayer, ToolsError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = known.get(upstream).filter(|breaker| breaker.tripping == tripping) {
            return Ok(breaker.clone());
        }
        if known.len() >= MAX_UPSTREAMS {
            known.retain(|_, breaker| breaker.state() != BreakerState::Closed);
        }
        let breaker = BreakerLayer::new(upstream, tripping, self.metrics.clone())?;
        if known.len() < MAX_UPSTREAMS {
            known.insert(upstream.into(), breaker.clone());
        }
        Ok(breaker)
    }

    /// What the breaker of an upstream is doing, if there is one.
    pub fn state(&self, upstream: &str) -> Option<BreakerState> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(upstream).map(BreakerLayer::state)
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Breakers")
    }
}

/// The breaker of one upstream. Clones are the same breaker.
#[derive(Clone)]
pub(crate) struct BreakerLayer {
    upstream: Arc<str>,
    tripping: Tripping,
    layer: CircuitBreakerLayer<Failures>,
    handle: CircuitBreakerHandle<Failures>,
}

impl BreakerLayer {
    fn new(upstream: &str, tripping: Tripping, metrics: Metrics) -> Result<Self, ToolsError> {
        let upstream: Arc<str> = upstream.into();
        let watched = Arc::clone(&upstream);
        metrics.breaker(&upstream, BreakerState::Closed);
        let built = CircuitBreakerLayer::builder()
            .name(&*upstream)
            .failure_rate_threshold(tripping.failure_rate)
            .slow_call_duration_threshold(tripping.slow_after)
            .slow_call_rate_threshold(tripping.slow_rate)
            .sliding_window_type(SlidingWindowType::TimeBased)
            .sliding_window_duration(tripping.window)
            .minimum_number_of_calls(tripping.min_calls)
            .wait_duration_in_open(tripping.open_for)
            .permitted_calls_in_half_open(tripping.probes)
            .on_state_transition(move |_, to| {
                let state = state(to);
                metrics.breaker(&watched, state);
                tracing::warn!(upstream = &*watched, state = ?state, "the upstream's breaker has moved");
            })
            .failure_classifier_type(Failures)
            .build_with_handle();
        let (layer, handle) = built.map_err(|error| {
            ToolsError::invalid(vec![fault::Violation::new("breaker", error.to_string())])
        })?;
        Ok(Self { upstream, tripping, layer, handle })
    }

    fn state(&self) -> BreakerState {
        state(self.handle.state())
    }

    /// The refusal of a breaker that is open, or has all its probes out.
    async fn refused(&self) -> ToolsError {
        let since = self.handle.metrics().await.time_since_state_change;
        let left = self.tripping.open_for.saturating_sub(since);
        // While probes are out the answer may come at any moment.
        let retry_after = left.max(Duration::from_millis(100));
        ToolsError::Open { upstream: self.upstream.to_string(), retry_after }
    }
}

fn state(state: CircuitState) -> BreakerState {
    match state {
        CircuitState::Closed => BreakerState::Closed,
        CircuitState::HalfOpen => BreakerState::HalfOpen,
        CircuitState::Open => BreakerState::Open,
    }
}

impl<S> Layer<S> for BreakerLayer {
    type Service = Breaker<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Breaker { layer: self.clone(), inner: self.layer.layer_fn(inner) }
    }
}

pub(crate) struct Breaker<S> {
    layer: BreakerLayer,
    inner: CircuitBreaker<S, Failures>,
}

impl<S: Clone> Clone for Breaker<S> {
    fn clone(&self) -> Self {
        Self { layer: self.layer.clone(), inner: self.inner.clone() }
    }
}

impl<S> Service<Call> for Breaker<S>
where
    S: Service<Call, Response = Output, Error = ToolsError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Output;
    type Error = ToolsError;
    type Future = BoxFuture<'static, Result<Output, ToolsError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        // The library's own readiness is that of the service within, which is always ready here.
        match self.inner.poll_ready(context) {
            Poll::Ready(Err(CircuitBreakerError::Inner(error))) => Poll::Ready(Err(error)),
            Poll::Ready(_) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let pending = self.inner.call(call);
        let layer = self.layer.clone();
        Box::pin(async move {
            match pending.await {
                Ok(answer) => Ok(answer),
                Err(CircuitBreakerError::Inner(error)) => Err(error),
                Err(CircuitBreakerError::OpenCircuit) => Err(layer.refused().await),
            }
        })
    }
}
