//! Logs, traces and metrics: what a process says about itself.
//!
//! - [`start`] installs logs and traces once, from [`Arguments`]; its [`Guard`] flushes at the end.
//! - [`trace`] carries W3C trace context over headers, and names the current trace.
//! - [`metrics`] holds what every process measures, the histogram edges of a call, and the text that
//!   Prometheus scrapes. A registry is always passed in, never global.
//! - [`capture`] is the same logging into memory, for tests.
//!
//! A log line carries `req_id`, `trace_id` and `span_id` of the span it was written in, whether or not traces are
//! exported. This crate must never know about a transport, a service or a model: `rpc` opens the spans.

mod arguments;
mod capture;
mod error;
mod log;
pub mod metrics;
mod panics;
mod start;
pub mod trace;

pub use arguments::{ACCESS, Arguments, LogFilter, LogFormat};
pub use capture::{Captured, capture};
pub use error::TelemetryError;
pub use start::{Guard, Identity, Output, start};
