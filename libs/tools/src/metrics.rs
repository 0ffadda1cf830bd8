//! What Prometheus sees of the tools.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter, exemplar::HistogramWithExemplars, family::Family, gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};

use crate::BreakerState;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTool {
    tool: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    tool: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfUpstream {
    upstream: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamOutcome {
    upstream: String,
    outcome: &'static str,
}

/// The label of an exemplar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TraceLabel {
    trace_id: String,
}

/// A histogram whose buckets remember the trace of a recent call.
type Traced = HistogramWithExemplars<TraceLabel>;

/// The figures of all tools and upstreams. Label values come from configuration, never from a caller.
#[derive(Clone)]
pub struct Metrics {
    calls: Family<Outcome, Counter>,
    duration: Family<OfTool, Traced, fn() -> Traced>,
    bytes: Family<OfTool, Counter>,
    retries: Family<OfTool, Counter>,
    hits: Family<OfTool, Counter>,
    misses: Family<OfTool, Counter>,
    attempts: Family<UpstreamOutcome, Counter>,
    upstream_duration: Family<OfUpstream, Histogram>,
    upstream_bytes: Family<OfUpstream, Counter>,
    breakers: Family<OfUpstream, Gauge>,
}

/// From a cached answer, tens of microseconds, to the longest query. 0.8 and 1.0 are edges, since objectives stand
/// there.
const BOUNDS: [f64; 17] = [
    0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.8, 1.0, 2.5, 10.0, 60.0,
    300.0,
];

impl Metrics {
    /// Registers them all.
    pub fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let metrics = Self {
            calls: Family::default(),
            duration: Family::new_with_constructor(|| Traced::new(BOUNDS.into_iter())),
            bytes: Family::default(),
            retries: Family::default(),
            hits: Family::default(),
            misses: Family::default(),
            attempts: Family::default(),
            upstream_duration: Family::new_with_constructor(histogram),
            upstream_bytes: Family::default(),
            breakers: Family::default(),
        };
        let help = "Calls that ended: ok, refused (an answer that is an error), or why there is no answer";
        registry.register("ondol_tool_calls", help, metrics.calls.clone());
        let (name, help) = ("ondol_tool_duration", "From a call's arrival to its answer");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.duration.clone());
        let (name, help) = ("ondol_tool_answers", "Size of all answers");
        registry.register_with_unit(name, help, Unit::Bytes, metrics.bytes.clone());
        registry.register("ondol_tool_retries", "Attempts after the first one", metrics.retries.clone());
        registry.register("ondol_tool_cache_hits", "Answers that were kept", metrics.hits.clone());
        registry.register(
            "ondol_tool_cache_misses",
            "Answers that had to be asked for",
            metrics.misses.clone(),
        );
        let help = "Attempts at an upstream by outcome, ok or failed: the failure rate that the alert reads";
        registry.register("ondol_upstream_attempts", help, metrics.attempts.clone());
        let (name, help) = ("ondol_upstream_duration", "Time of an attempt at an upstream");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.upstream_duration.clone());
        let (name, help) =
            ("ondol_upstream_answers", "Size of what an upstream answered, as the tools hand it on");
        registry.register_with_unit(name, help, Unit::Bytes, metrics.upstream_bytes.clone());
        let help = "An upstream's breaker: 0 closed, 1 half open, 2 open";
        registry.register("ondol_upstream_breaker", help, metrics.breakers.clone());
        metrics
    }

    /// A call has ended, after so long, in this trace if it is kept.
    pub(crate) fn called(
        &self,
        tool: &str,
        outcome: &'static str,
        (elapsed, trace): (Duration, Option<String>),
        bytes: usize,
    ) {
        self.calls.get_or_create(&Outcome { tool: tool.to_owned(), outcome }).inc();
        let tool = OfTool { tool: tool.to_owned() };
        let exemplar = trace.map(|trace_id| TraceLabel { trace_id });
        self.duration.get_or_create(&tool).observe(elapsed.as_secs_f64(), exemplar, None);
        self.bytes.get_or_create(&tool).inc_by(bytes as u64);
    }

    /// An attempt at an upstream has ended.
    pub(crate) fn attempted(&self, upstream: &str, failed: bool, elapsed: Duration, bytes: usize) {
        let outcome = if failed { "failed" } else { "ok" };
        self.attempts.get_or_create(&UpstreamOutcome { upstream: upstream.to_owned(), outcome }).inc();
        let upstream = OfUpstream { upstream: upstream.to_owned() };
        self.upstream_duration.get_or_create(&upstream).observe(elapsed.as_secs_f64());
        self.upstream_bytes.get_or_create(&upstream).inc_by(bytes as u64);
    }

    pub(crate) fn retries(&self, tool: &str) -> Counter {
        self.retries.get_or_create_owned(&OfTool { tool: tool.to_owned() })
    }

    pub(crate) fn cache_hit(&self, tool: &str) {
        self.hits.get_or_create(&OfTool { tool: tool.to_owned() }).inc();
    }

    pub(crate) fn cache_miss(&self, tool: &str) {
        self.misses.get_or_create(&OfTool { tool: tool.to_owned() }).inc();
    }

    pub(crate) fn breaker(&self, upstream: &str, state: BreakerState) {
        let value = match state {
            BreakerState::Closed => 0,
            BreakerState::HalfOpen => 1,
            BreakerState::Open => 2,
        };
        self.breakers.get_or_create(&OfUpstream { upstream: upstream.to_owned() }).set(value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::Metrics;

    #[test]
    fn a_call_points_to_its_trace_if_that_is_kept_and_the_objective_is_an_edge() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let elapsed = Duration::from_millis(900);
        metrics.called("search", "ok", (elapsed, None), 1);
        metrics.called("search", "ok", (elapsed, Some("ab12".to_owned())), 1);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "ondol_tool_duration_seconds_bucket{le=\"0.8\",tool=\"search\"} 0\n",
            "ondol_tool_duration_seconds_bucket{le=\"1.0\",tool=\"search\"} 2 # {trace_id=\"ab12\"} 0.9",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
