//! The one place that installs logs and traces in a process.

mod pushing;

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use prometheus_client::registry::Registry as Metrics;
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt, FilterFn, filter_fn},
    layer::SubscriberExt,
};

use crate::{
    Arguments, LogControl, LogFormat, TelemetryError,
    filter::traced,
    log::{Gathered, LogLayer, Sink, Style},
    loki::Counts,
    panics,
    trace::{self, SpanCounts},
};
use pushing::Pushing;

/// How long a dropped [`Guard`] may wait for the last spans.
const FLUSH_ON_DROP: Duration = Duration::from_secs(2);

/// Who is speaking: the name and version that every exported span carries, and the build.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The service's name, such as `llm-inference`.
    pub service: &'static str,
    /// Its version, such as `0.1.0`.
    pub version: &'static str,
    /// The commit that it was built from, where the build knew it.
    pub commit: Option<&'static str>,
}

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Standard output: a service, whose output a cluster collects.
    Stdout,
    /// Standard error: a command, whose standard output is its result.
    Stderr,
}

/// Installs the tracing subscriber, the trace context propagator and a panic hook that logs, for the whole process.
///
/// Trace ids exist with or without an endpoint; spans are exported only with one, and lines pushed only to a Loki.
/// Either has this called inside a tokio runtime that outlives the [`Guard`].
pub fn start(arguments: &Arguments, identity: Identity, output: Output) -> Result<Guard, TelemetryError> {
    let (spans, lines) = (SpanCounts::default(), Counts::default());
    let provider = trace::provider(arguments, identity, spans.clone())?;
    let (queue, pushing) = Pushing::start(arguments, identity, &lines)?.unzip();
    let (sink, gathered, terminal) = sink(output);
    let style = match arguments.log_format {
        Some(LogFormat::Json) => Style::Json,
        None if !terminal => Style::Json,
        Some(LogFormat::Text) | None => Style::Text { color: terminal && !arguments.no_color },
    };
    let control = LogControl::new(arguments.log_filter.clone());
    let subscriber = subscriber(LogLayer::new(style, sink).pushing(queue), control.clone(), &provider);
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::AlreadyStarted)?;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    panics::log();
    Ok(Guard { provider, pushing, gathered, control, spans, lines })
}

/// Where lines go, what is to be ended of it, and whether a person reads them.
fn sink(output: Output) -> (Sink, Option<Gathered>, bool) {
    match output {
        Output::Stderr => (Sink::Stderr, None, io::stderr().is_terminal()),
        Output::Stdout if io::stdout().is_terminal() => (Sink::Stdout, None, true),
        Output::Stdout => {
            let gathered = Gathered::over(io::stdout());
            (Sink::Gathered(gathered.clone()), Some(gathered), false)
        }
    }
}

/// Flushes the last spans and log lines when the process ends: [`Guard::shutdown`] says how that went, dropping it does
/// not.
///
/// Both block the calling thread, so call them outside of asynchronous code while the runtime is still alive.
#[must_use = "spans are flushed when the guard goes away"]
#[derive(Debug)]
pub struct Guard {
    provider: SdkTracerProvider,
    pushing: Option<Pushing>,
    gathered: Option<Gathered>,
    control: LogControl,
    spans: SpanCounts,
    lines: Counts,
}

impl Guard {
    /// Changes which events this process logs.
    pub fn log_control(&self) -> LogControl {
        self.control.clone()
    }

    /// Registers how many spans and log lines left the process, and how many could not.
    pub fn register(&self, registry: &mut Metrics) {
        self.spans.register(registry);
        self.lines.register(registry);
    }

    /// Exports what is left, waiting at most `limit` for the spans and as long for the lines.
    pub fn shutdown(mut self, limit: Duration) -> Result<(), TelemetryError> {
        let exported = self.provider.shutdown_with_timeout(limit).map_err(TelemetryError::Flush);
        let pushed = self.pushing.take().is_none_or(|pushing| pushing.end(limit));
        exported.and(if pushed { Ok(()) } else { Err(TelemetryError::Push) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // After an explicit shutdown this returns at once.
        drop(self.provider.shutdown_with_timeout(FLUSH_ON_DROP));
        if let Some(pushing) = self.pushing.take() {
            pushing.end(FLUSH_ON_DROP);
        }
        // Last, as the others may have something to say.
        if let Some(gathered) = self.gathered.take() {
            gathered.end();
        }
    }
}

/// Spans reach both layers whatever the log filter says; only events are filtered for the log.
pub(crate) fn subscriber(
    log: LogLayer,
    control: LogControl,
    provider: &SdkTracerProvider,
) -> impl Subscriber + Send + Sync + use<> {
    let spans = only(|metadata| metadata.is_span() && traced(metadata));
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("ondol"))
        // Each costs every call something, and none tells what the span's name, its times and the log do not: where the
        // code stands, the thread, for how long nobody worked at it, and a context for OpenTelemetry's own macros.
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(only(traced));
    Registry::default().with(traces).with(log.with_filter(control.or(spans)))
}

/// Nothing below INFO is ever traced; saying so lets the compiler's level check skip DEBUG and TRACE call sites.
fn only<F: Fn(&Metadata<'_>) -> bool>(accept: F) -> FilterFn<F> {
    filter_fn(accept).with_max_level_hint(LevelFilter::from_level(Level::INFO))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::Status;
    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
    };
    use tracing::{debug, info, info_span, subscriber::with_default, warn};

    use super::subscriber;
    use crate::{
        ACCESS, Captured, LogControl,
        log::{LogLayer, Sink, Style},
        trace,
    };

    /// Keeps what is exported.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    fn control(filter: &str) -> LogControl {
        LogControl::new(filter.parse().unwrap())
    }

    #[test]
    fn a_filter_changes_while_the_process_runs_and_goes_back() {
        let captured = Captured::default();
        let log = LogLayer::new(Style::Json, Sink::Memory(captured.clone()));
        let (provider, control) = (SdkTracerProvider::builder().build(), control("warn"));
        // The same place in the code each time: what it has remembered of the filter must not outlive it.
        let say = |text: &str| debug!("{text}");
        with_default(subscriber(log, control.clone(), &provider), || {
            say("one");
            let before = control.change("warn,telemetry=debug".parse().unwrap());
            assert_eq!(before.to_string(), "warn");
            say("two");
            assert_eq!(control.reset().to_string(), "warn,telemetry=debug");
            say("three");
        });
        let lines = captured.lines();
        let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["two"]);
        assert_eq!(control.current().to_string(), "warn");
    }

    #[test]
    fn a_quiet_log_keeps_the_ids_of_unsampled_requests() {
        let captured = Captured::default();
        let log = LogLayer::new(Style::Json, Sink::Memory(captured.clone()));
        let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).build();
        let id = with_default(subscriber(log, control("warn"), &provider), || {
            let _request = info_span!("request", req_id = "r-1").entered();
            info!("not heard");
            warn!("heard");
            trace::current_id().expect("a trace").to_string()
        });
        let [line] = &captured.lines()[..] else { panic!("one line") };
        assert_eq!((&line["message"], &line["req_id"]), (&"heard".into(), &"r-1".into()));
        assert_eq!(line["trace_id"], id);
    }

    #[test]
    fn a_span_says_once_how_its_call_ended() {
        let (captured, kept) = (Captured::default(), Kept::default());
        let log = LogLayer::new(Style::Json, Sink::Memory(captured.clone()));
        let provider = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
        with_default(subscriber(log, control("info"), &provider), || {
            let request = info_span!("request", req_id = "r-1");
            let _entered = request.enter();
            info!("half way");
            trace::ended(&request, "UNAVAILABLE", true);
            info!(target: ACCESS, "call ended");
            assert_eq!(
                kept.0.lock().unwrap().len(),
                1,
                "whoever keeps the span does not keep it from being told"
            );
        });
        let lines = captured.lines();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["span_id"], lines[1]["span_id"]);
        let spans = kept.0.lock().unwrap();
        let [span] = &spans[..] else { panic!("one span") };
        assert_eq!(span.status, Status::error("UNAVAILABLE"));
        let names: Vec<_> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(names, ["req_id", "rpc.response.status_code", "error.type"]);
        let events: Vec<_> = span.events.iter().map(|event| event.name.as_ref()).collect();
        assert_eq!(events, ["half way"]);
    }
}
