//! The process's logging and tracing into memory, for tests of what is told.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::trace::Status;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use serde_json::{Map, Value, json};
use tracing::Dispatch;

use crate::{
    LogControl, LogFilter,
    log::{LogLayer, Sink, Style},
    start::subscriber,
};

/// A subscriber that formats JSON lines and exports spans just as a service does, and those so far.
///
/// Every trace is sampled. Use it with `tracing::dispatcher::set_default` (one thread) or
/// `tracing::instrument::WithSubscriber` (one future): it installs nothing globally.
pub fn capture() -> (Dispatch, Captured) {
    let captured = Captured::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_simple_exporter(captured.clone())
        .build();
    let log = LogLayer::new(Style::Json, Sink::Memory(captured.clone()));
    let everything = LogControl::new(LogFilter::everything());
    (Dispatch::new(subscriber(log, everything, &provider)), captured)
}

/// Log lines and spans held in memory.
#[derive(Clone, Debug, Default)]
pub struct Captured {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Captured {
    /// The lines so far, oldest first, each a JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.as_str().into())).collect()
    }

    /// The spans that have ended, in that order: each its `name`, its `error` (null where it has none), and its
    /// `attributes`, all as text.
    pub fn spans(&self) -> Vec<Value> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn push(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl SpanExporter for Captured {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).extend(batch.iter().map(shown));
        Ok(())
    }
}

fn shown(span: &SpanData) -> Value {
    let error = match &span.status {
        Status::Error { description } => Some(description),
        _ => None,
    };
    let attributes = span.attributes.iter();
    let attributes: Map<String, Value> =
        attributes.map(|pair| (pair.key.to_string(), pair.value.as_str().into())).collect();
    json!({ "name": span.name, "error": error, "attributes": attributes })
}
