//! What is measured of the calls to upstreams.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use telemetry::trace::ended;
use tonic::Code;
use tracing::Span;

use crate::{
    metrics::{Latency, latency, record},
    observe::{ObservedCall, Observer, Outcome},
    status::name_of,
    step::Request,
    trace::{CallSpan, split},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    upstream: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    upstream: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    upstream: &'static str,
    rpc_service: String,
    rpc_method: String,
    rpc_response_status_code: &'static str,
}

/// The metrics of all upstreams of a process, each under its own `upstream` label: calls by duration and status,
/// retries, ejections and endpoints.
#[derive(Clone, Debug)]
pub struct UpstreamMetrics {
    duration: Latency<CallLabels>,
    retries: Family<UpstreamLabels, Counter>,
    ejections: Family<UpstreamLabels, Counter>,
    endpoints: Family<StateLabels, Gauge>,
}

impl UpstreamMetrics {
    /// Registers the metrics. Once to a registry: upstreams share them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            duration: latency(),
            retries: Family::default(),
            ejections: Family::default(),
            endpoints: Family::default(),
        };
        registry.register_with_unit(
            "rpc_client_call_duration",
            "Time from a call to the end of its response, with its retries, by method and status",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        registry.register(
            "rpc_client_retries",
            "Attempts at a call after the first",
            metrics.retries.clone(),
        );
        registry.register(
            "rpc_client_ejections",
            "Pods left out for a while because they failed",
            metrics.ejections.clone(),
        );
        registry.register(
            "rpc_client_endpoints",
            "Addresses of an upstream that are known, connected or left out",
            metrics.endpoints.clone(),
        );
        metrics
    }

    /// The metrics of one upstream.
    pub(super) fn of(&self, upstream: &'static str) -> PoolMetrics {
        PoolMetrics { all: self.clone(), upstream }
    }
}

/// The metrics of one upstream.
#[derive(Clone)]
pub(super) struct PoolMetrics {
    all: UpstreamMetrics,
    upstream: &'static str,
}

impl PoolMetrics {
    pub(super) fn retried(&self) {
        self.all.retries.get_or_create(&UpstreamLabels { upstream: self.upstream }).inc();
    }

    pub(super) fn ejected(&self) {
        self.all.ejections.get_or_create(&UpstreamLabels { upstream: self.upstream }).inc();
    }

    pub(super) fn endpoints(&self, known: usize, connected: usize, ejected: usize) {
        for (state, count) in [("known", known), ("connected", connected), ("ejected", ejected)] {
            let labels = StateLabels { upstream: self.upstream, state };
            self.all.endpoints.get_or_create(&labels).set(count as i64);
        }
    }
}

/// A call that is being measured.
pub(crate) struct MeasuredCall {
    metrics: PoolMetrics,
    rpc_service: String,
    rpc_method: String,
    span: Span,
}

impl Observer for PoolMetrics {
    type Call = MeasuredCall;

    fn begin(&self, request: &mut Request) -> MeasuredCall {
        let (service, method) = split(request.uri().path());
        MeasuredCall {
            metrics: self.clone(),
            rpc_service: service.to_owned(),
            rpc_method: method.to_owned(),
            span: CallSpan::of(request),
        }
    }
}

impl ObservedCall for MeasuredCall {
    fn end(self, outcome: Outcome) {
        let status = name_of(outcome.code);
        let labels = CallLabels {
            upstream: self.metrics.upstream,
            rpc_service: self.rpc_service,
            rpc_method: self.rpc_method,
            rpc_response_status_code: status,
        };
        // To a caller every end but a good one is a fault, says OpenTelemetry.
        ended(&self.span, status, outcome.code != Code::Ok);
        record(&self.metrics.all.duration, &labels, outcome, &self.span);
    }
}
