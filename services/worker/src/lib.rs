//! The worker service: does the work that callers do not wait for.
//!
//! - [`start`] connects to the queue, to object storage, to llm-inference and to mcp, and works until the process drains.
//! - `consumer` claims jobs while there is room, `run` sees one from its claim to its end, `upkeep` does what every
//!   worker does for the queue: takes back what dead workers held, lets in what is due, forgets what is old.
//! - `handlers` are the kinds of jobs, one file each. A new kind is such a file, a message in the contract and a line in
//!   `handlers.rs`.
//!
//! A run may be the second of its job, and may find out at any moment that it is not the last: whatever it writes lies
//! under its own fence and counts only once the queue has accepted its end.
//!
//! This crate must never know who may ask for a job, or another service's code: peers are generated clients. Of keys it
//! knows only which models one allows, since the lines of a batch name their own.

mod arguments;
mod assignment;
mod consumer;
mod error;
mod grpc;
mod handlers;
mod patience;
mod policies;
mod run;
mod scratch;
mod start;
mod upkeep;

pub use arguments::{Arguments, WorkArguments};
pub use error::WorkerError;
pub use policies::policies;
pub use start::{Connections, LlmInference, Mcp, connect, start, start_on};
