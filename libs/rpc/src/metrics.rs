//! Rate, errors and duration of every call that a server answers.

mod methods;

use std::{hash::Hash, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, exemplar::HistogramWithExemplars, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use telemetry::metrics::CALL_SECONDS;
use tonic::Code;
use tracing::Span;

use crate::{
    observe::{ObservedCall, Observer, Outcome},
    status::name_of,
    step::Request,
    trace::CallSpan,
};
use methods::MethodName;
pub use methods::Methods;

/// A latency histogram whose buckets remember the trace of a recent call.
pub(crate) type Latency<L> = Family<L, LatencyHistogram, fn() -> LatencyHistogram>;
type LatencyHistogram = HistogramWithExemplars<TraceLabel>;

/// The label of an exemplar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TraceLabel {
    trace_id: String,
}

/// A family of latency histograms with the edges that all of Ondol uses.
pub(crate) fn latency<L: Clone + Hash + Eq>() -> Latency<L> {
    Family::new_with_constructor(|| HistogramWithExemplars::new(CALL_SECONDS.into_iter()))
}

/// Notes how long a call took, and in which trace.
pub(crate) fn record<L: Clone + Hash + Eq>(latency: &Latency<L>, labels: &L, outcome: Outcome, span: &Span) {
    latency.get_or_create_owned(labels).observe(outcome.elapsed.as_secs_f64(), exemplar(span), None);
}

/// The exemplar of a span whose trace is kept.
fn exemplar(span: &Span) -> Option<TraceLabel> {
    telemetry::trace::kept(span).map(|trace| TraceLabel { trace_id: trace.to_string() })
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MethodLabels {
    rpc_service: Arc<String>,
    rpc_method: Arc<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
#[expect(clippy::struct_field_names, reason = "the fields' names are the labels' names")]
struct CallLabels {
    rpc_service: Arc<String>,
    rpc_method: Arc<String>,
    rpc_response_status_code: &'static str,
}

/// The RED metrics of one server: `rpc_server_call_duration_seconds`, `rpc_server_calls_in_flight` and
/// `rpc_server_response_bytes_total`.
#[derive(Clone)]
pub struct ServerMetrics {
    methods: Methods,
    duration: Latency<CallLabels>,
    in_flight: Family<MethodLabels, Gauge>,
    bytes: Family<MethodLabels, Counter>,
}

impl ServerMetrics {
    /// Registers the metrics. A call to anything that `methods` does not list is counted as `other`, so that
    /// callers cannot make new series.
    pub fn register(methods: Methods, registry: &mut Registry) -> Self {
        let (duration, in_flight, bytes) = (latency(), Family::default(), Family::default());
        let metrics = Self { methods, duration, in_flight, bytes };
        registry.register_with_unit(
            "rpc_server_call_duration",
            "Time from a call's headers to the end of its response, by method and status",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register(
            "rpc_server_calls_in_flight",
            "Calls whose response has not ended",
            metrics.in_flight.clone(),
        );
        registry.register_with_unit(
            "rpc_server_response",
            "Bytes of response bodies, counted when they end",
            Unit::Bytes,
            metrics.bytes.clone(),
        );
        metrics
    }

    /// What calls are named by.
    pub(crate) fn methods(&self) -> &Methods {
        &self.methods
    }

    /// Counts a call that nothing was done for.
    pub(crate) fn turned_away(&self, request: &Request, code: Code, elapsed: Duration) {
        let MethodName { service, method } = self.methods.name(request);
        let labels =
            CallLabels { rpc_service: service, rpc_method: method, rpc_response_status_code: name_of(code) };
        self.duration.get_or_create_owned(&labels).observe(elapsed.as_secs_f64(), None, None);
    }
}

/// A call that is being measured.
pub(crate) struct MeasuredCall {
    metrics: ServerMetrics,
    labels: MethodLabels,
    span: Span,
}

impl Observer for ServerMetrics {
    type Call = MeasuredCall;

    fn begin(&self, request: &mut Request) -> MeasuredCall {
        let name = self.methods.name(request);
        let labels = MethodLabels { rpc_service: name.service, rpc_method: name.method };
        self.in_flight.get_or_create(&labels).inc();
        MeasuredCall { metrics: self.clone(), labels, span: CallSpan::of(request) }
    }
}

impl ObservedCall for MeasuredCall {
    fn end(self, outcome: Outcome) {
        self.metrics.in_flight.get_or_create(&self.labels).dec();
        self.metrics.bytes.get_or_create(&self.labels).inc_by(outcome.bytes);
        let MethodLabels { rpc_service, rpc_method } = self.labels;
        let labels = CallLabels { rpc_service, rpc_method, rpc_response_status_code: name_of(outcome.code) };
        record(&self.metrics.duration, &labels, outcome, &self.span);
    }
}
