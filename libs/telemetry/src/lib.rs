//! Logs, traces and metrics: what a process says about itself.
//!
//! - [`start`] installs logs and traces once, from [`Arguments`]; its [`Guard`] flushes at the end.
//! - [`LogControl`] changes which events are logged while the process runs.
//! - [`trace`] carries W3C trace context over headers, and names the current trace.
//! - [`metrics`] holds what every process measures, the histogram edges of a call, and the text that
//!   Prometheus scrapes. A registry is always passed in, never global.
//! - [`capture`] is the same logging into memory, for tests.
//!
//! A log line carries `req_id`, `trace_id`, `span_id` and `principal` of the spans it was written in, whether or not
//! traces are exported. With a Loki in the arguments it is pushed there too, if there is room. This crate must never
//! know about a transport, a service or a model: `rpc` opens the spans.

mod arguments;
mod capture;
mod error;
mod filter;
mod log;
mod loki;
pub mod metrics;
mod panics;
mod reason;
mod start;
pub mod trace;

pub use arguments::{Arguments, LogFormat};
pub use capture::{Captured, capture};
pub use error::TelemetryError;
pub use filter::{ACCESS, ADMIN, LogControl, LogFilter, LogFilterError};
pub use loki::LokiDestination;
pub use start::{Guard, Identity, Output, start};
