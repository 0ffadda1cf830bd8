//! Traces: which one we are in, and how it crosses to another process.

mod counts;
mod room;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    KeyValue,
    propagation::TextMapPropagator,
    trace::{Status, TraceContextExt},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

pub use opentelemetry::{
    propagation::{Extractor, Injector},
    trace::{SpanContext, TraceId},
};

use crate::{Arguments, Identity, TelemetryError};
pub(crate) use counts::SpanCounts;
use room::Room;

/// Spans to an export. Each export costs a wake-up, a request and its answer, which is dear for a few spans; but a thread of
/// its own encodes them, and calls that share its processor wait for as long as a batch takes.
const BATCH: usize = 256;
/// Spans that wait to be exported; more are dropped.
const QUEUE: usize = 8 * 1024;

/// The ids of a span; `None` where no telemetry runs or the span is not traced.
///
/// Asking starts the span's trace, so call [`continue_from`] first where a caller's trace may come in.
pub fn of(span: &Span) -> Option<SpanContext> {
    let context = span.context();
    Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
}

/// The id of the trace this code runs in, shown as 32 hexadecimal digits.
pub fn current_id() -> Option<TraceId> {
    of(&Span::current()).map(|context| context.trace_id())
}

/// The trace of a span that somebody keeps, for an exemplar: a link to one that nobody kept would be dead.
pub fn kept(span: &Span) -> Option<TraceId> {
    of(span).filter(SpanContext::is_sampled).map(|context| context.trace_id())
}

/// Makes `span` part of the trace that the carrier's `traceparent` names; without a valid one nothing changes.
///
/// Only a span that has not been entered yet can change its trace.
pub fn continue_from(span: &Span, carrier: &dyn Extractor) {
    let context = TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), carrier);
    if context.span().span_context().is_valid() {
        // Without telemetry there is no layer to take the parent, and nothing is lost.
        drop(span.set_parent(context));
    }
}

/// Writes the trace of `span` into a carrier as `traceparent` and `tracestate`.
pub fn propagate(span: &Span, carrier: &mut dyn Injector) {
    TraceContextPropagator::new().inject_context(&span.context(), carrier);
}

/// Ends a call's span with how the call ended: gRPC's status, and whether that is a fault of the side whose span it is. What
/// goes on behind the call, as a task that it has begun, may keep the span: it is exported all the same.
pub fn ended(span: &Span, status: &'static str, is_fault: bool) {
    let context = span.context();
    let recorded = context.span();
    recorded.set_attribute(KeyValue::new("rpc.response.status_code", status));
    if is_fault {
        recorded.set_attribute(KeyValue::new("error.type", status));
        recorded.set_status(Status::error(status));
    }
    recorded.end();
}

/// Reads trace context from HTTP headers or gRPC metadata.
#[derive(Debug)]
pub struct IncomingHeaders<'a>(pub &'a HeaderMap);

impl Extractor for IncomingHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Writes trace context into HTTP headers or gRPC metadata.
#[derive(Debug)]
pub struct OutgoingHeaders<'a>(pub &'a mut HeaderMap);

impl Injector for OutgoingHeaders<'_> {
    fn set(&mut self, key: &str, value: String) {
        // An empty tracestate says nothing, and some proxies refuse an empty header.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

/// A provider that gives every span its ids, and exports sampled ones if there is somewhere to send them.
pub(crate) fn provider(
    arguments: &Arguments,
    identity: Identity,
    counts: SpanCounts,
) -> Result<SdkTracerProvider, TelemetryError> {
    let resource = Resource::builder()
        .with_service_name(identity.service)
        .with_attribute(KeyValue::new("service.version", identity.version))
        .build();
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = &arguments.otlp_endpoint else {
        // Unsampled spans cost next to nothing and keep their ids; a caller's choice to sample still travels on.
        return Ok(builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))).build());
    };
    if Handle::try_current().is_err() {
        return Err(TelemetryError::NoRuntime);
    }
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|source| TelemetryError::Exporter { endpoint: endpoint.clone(), source })?;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(arguments.trace_ratio)));
    let batches =
        BatchConfigBuilder::default().with_max_export_batch_size(BATCH).with_max_queue_size(QUEUE).build();
    let room = Room::new(QUEUE, counts);
    let processor = BatchSpanProcessor::builder(room.behind(exporter)).with_batch_config(batches).build();
    Ok(builder.with_sampler(sampler).with_span_processor(room.before(processor)).build())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use tracing::{dispatcher::with_default, info_span};

    use super::{IncomingHeaders, OutgoingHeaders, continue_from, current_id, of, propagate};
    use crate::capture;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_continues_from_the_caller_to_the_next_process() {
        let (dispatch, _captured) = capture();
        with_default(&dispatch, || {
            let incoming = HeaderMap::from_iter([("traceparent".parse().unwrap(), PARENT.parse().unwrap())]);
            let span = info_span!("request");
            continue_from(&span, &IncomingHeaders(&incoming));
            let id = span.in_scope(current_id).expect("a trace");
            assert_eq!(id.to_string(), "0af7651916cd43dd8448eb211c80319c");

            let mut outgoing = HeaderMap::new();
            propagate(&span, &mut OutgoingHeaders(&mut outgoing));
            let own = of(&span).expect("a trace").span_id();
            assert_eq!(outgoing["traceparent"], format!("00-{id}-{own}-01").as_str());
            assert!(!outgoing.contains_key("tracestate"));
        });
    }

    #[test]
    fn a_malformed_parent_starts_a_trace_of_its_own() {
        let (dispatch, _captured) = capture();
        with_default(&dispatch, || {
            let incoming =
                HeaderMap::from_iter([("traceparent".parse().unwrap(), "00-junk".parse().unwrap())]);
            let span = info_span!("request");
            continue_from(&span, &IncomingHeaders(&incoming));
            assert!(of(&span).is_some());
        });
    }

    #[test]
    fn without_telemetry_there_is_no_trace_and_no_header() {
        let mut outgoing = HeaderMap::new();
        propagate(&info_span!("request"), &mut OutgoingHeaders(&mut outgoing));
        assert!(outgoing.is_empty());
        assert_eq!(current_id(), None);
    }
}
