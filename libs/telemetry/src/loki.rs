//! Log lines pushed to Loki, for a place where nobody collects standard output.
//!
//! A line is put in a [`Queue`] of bounded length and size, and left out (and counted) where there is no room; nobody
//! ever waits for Loki. One task, the [`Pump`], takes what is there and has `tracing-loki` deliver it.
//!
//! `tracing-loki` itself bounds nothing and counts nothing: its layer drops silently what a queue of 512 does not hold,
//! behind that it keeps everything while Loki is away, and each time its task is woken, the whole process asks all its
//! filters again. So it never sees the process's own events. It is handed one batch at a time, of fewer lines than its
//! queue holds, and is gone again when the batch is delivered or has failed. What it cannot do is Loki's structured
//! metadata: `req_id`, `trace_id` and the rest are fields of the line, which is JSON.

mod delivery;
mod destination;
mod entry;
mod metrics;
mod pump;
mod queue;
#[cfg(test)]
pub(crate) mod tests;
mod watcher;

pub use destination::LokiDestination;
pub(crate) use destination::{Stream, tenant};
pub(crate) use metrics::Counts;
pub(crate) use pump::{Pace, Pump};
pub(crate) use queue::{Queue, queue};
