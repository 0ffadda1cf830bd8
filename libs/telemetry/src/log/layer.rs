//! The tracing layer that gathers a line from an event and the spans around it.

use std::sync::OnceLock;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use tracing::{
    Dispatch, Event, Subscriber,
    dispatcher::WeakDispatch,
    span::{Attributes, Id, Record},
};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use super::{Line, Sink, Style, fields::Fields};
use crate::loki::Queue;

/// More fields than nearly all lines have, of all spans around their event together.
const MOST: usize = 24;

/// Writes every event it sees; filters stand in front of it.
#[derive(Debug)]
pub(crate) struct LogLayer {
    style: Style,
    sink: Sink,
    /// Where lines are pushed from besides.
    push: Option<Queue>,
    /// The subscriber this layer is part of, which alone can find the trace of a span.
    dispatch: OnceLock<WeakDispatch>,
}

impl LogLayer {
    pub(crate) fn new(style: Style, sink: Sink) -> Self {
        Self { style, sink, push: None, dispatch: OnceLock::new() }
    }

    /// Has each line pushed besides.
    pub(crate) fn pushing(mut self, push: Option<Queue>) -> Self {
        self.push = push;
        self
    }

    /// The trace and span ids of a span, if it is traced.
    fn trace(&self, span: &Id) -> Option<SpanContext> {
        let dispatch = self.dispatch.get()?.upgrade()?;
        let context = get_otel_context(span, &dispatch)?;
        Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // A layer is registered once; were it ever twice, the first subscriber keeps it.
        drop(self.dispatch.set(dispatch.downgrade()));
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::with_room(attributes.metadata().fields().len());
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::with_room(MOST);
        // From the outermost span inward, so that the nearest value of a field is the one that stays.
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            span.extensions().get::<Fields>().into_iter().for_each(|of_span| fields.extend(of_span));
        }
        event.record(&mut fields);
        let trace = context.event_span(event).and_then(|span| self.trace(&span.id()));
        let line = Line::new(event.metadata(), &fields, trace);
        if let Some(push) = &self.push {
            push.offer(&line);
        }
        self.sink.write(&self.style.render(&line), line.level);
    }
}

#[cfg(test)]
mod tests {
    use tracing::{dispatcher::with_default, error, info, info_span};

    use crate::capture;

    #[test]
    fn an_event_carries_its_request_and_the_fields_of_every_span_around_it() {
        let (dispatch, captured) = capture();
        with_default(&dispatch, || {
            let empty = tracing::field::Empty;
            let request =
                info_span!("request", req_id = "r-1", model = "m", status = empty, principal = empty);
            let _outer = request.enter();
            request.record("status", "OK");
            request.record("principal", "team-a");
            let _inner = info_span!("generate", model = "inner", slot = 3).entered();
            info!(tokens = 7, "done");
        });
        let line = &captured.lines()[0];
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "done");
        assert_eq!(line["req_id"], "r-1");
        assert_eq!(line["principal"], "team-a");
        assert_eq!(line["target"], module_path!());
        assert_eq!(
            line["fields"],
            serde_json::json!({ "model": "inner", "status": "OK", "slot": 3, "tokens": 7 })
        );
    }

    #[test]
    fn events_of_one_request_share_a_trace_and_name_their_own_span() {
        let (dispatch, captured) = capture();
        with_default(&dispatch, || {
            let _outer = info_span!("outer").entered();
            info!("one");
            info_span!("inner").in_scope(|| info!("two"));
        });
        let [one, two] = &captured.lines()[..] else { panic!("two lines") };
        assert_eq!(one["trace_id"].as_str().map(str::len), Some(32));
        assert_eq!(one["span_id"].as_str().map(str::len), Some(16));
        assert_eq!(one["trace_id"], two["trace_id"]);
        assert_ne!(one["span_id"], two["span_id"]);
    }

    #[test]
    fn an_event_outside_any_span_has_no_ids() {
        let (dispatch, captured) = capture();
        with_default(&dispatch, || error!("alone"));
        let lines = captured.lines();
        let keys: Vec<_> = lines[0].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["level", "message", "target", "time"]);
    }
}
