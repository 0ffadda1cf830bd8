//! The queue's jobs as callers are told of them: by api, which answers with them, and by worker, which tells their ends.
//!
//! - [`job`] is a job as a message of the contract; [`KINDS`] are the kinds that it has fields for, and [`unknown_kinds`]
//!   finds words that are none.
//! - [`sequel_of`] and [`webhook_of`] are how the wish to be told stands in the queue; [`End`] is what is told.
//! - [`Json`] writes messages in the contract's own JSON.
//!
//! This crate must never know who asks, or how an answer travels.

mod end;
mod error;
mod job;
mod json;
mod kinds;
mod webhook;

pub use end::End;
pub use error::JobviewError;
pub use job::{job, link, state};
pub use json::Json;
pub use kinds::{KINDS, unknown_kinds};
pub use webhook::{WEBHOOK, sequel_of, webhook_of};
