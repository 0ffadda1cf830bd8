//! The process's logging into memory, for tests of what is logged.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde_json::Value;
use tracing::Dispatch;

use crate::{
    LogControl, LogFilter,
    log::{LogLayer, Sink, Style},
    start::subscriber,
};

/// A subscriber that formats JSON lines just as a service does, and the lines it has written so far.
///
/// Every trace is sampled and none exported. Use it with `tracing::dispatcher::set_default` (one thread) or
/// `tracing::instrument::WithSubscriber` (one future): it installs nothing globally.
pub fn capture() -> (Dispatch, Captured) {
    let captured = Captured::default();
    let provider = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn).build();
    let log = LogLayer::new(Style::Json, Sink::Memory(captured.clone()));
    let everything = LogControl::new(LogFilter::everything());
    (Dispatch::new(subscriber(log, everything, &provider)), captured)
}

/// Log lines held in memory.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<String>>>);

impl Captured {
    /// The lines so far, oldest first, each a JSON object.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| line.as_str().into())).collect()
    }

    pub(crate) fn push(&self, line: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }
}
