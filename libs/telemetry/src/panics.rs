//! Panics as log lines, so that a cluster's log collector sees them whole and with their trace.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    panic,
};

/// Replaces the default hook, which writes several plain lines to standard error.
pub(crate) fn log() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("a panic without a message");
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(target: "panic", location, backtrace, "panicked: {message}");
    }));
}
