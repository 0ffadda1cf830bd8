//! Limits, where calls come in: what a call may use is reserved before it goes on, and settled by what it has used.
//!
//! - `admission` lets calls in, or refuses them, and counts what it refuses.
//! - `admitted` is a call that was let in: its answer tells how the limits stand.
//! - `bound` says how many tokens a request may use, which needs the model's context: `contexts` remembers those.
//! - `meter` sees the tokens of a stream.
//! - `spent` remembers who has used up their requests, for the door.

mod admission;
mod admitted;
mod bound;
mod contexts;
mod headers;
mod meter;
mod metrics;
mod spent;

pub(crate) use admission::Admission;
pub(super) use admitted::Admitted;
pub(super) use bound::bound;
pub(super) use contexts::Contexts;
pub(crate) use metrics::Metrics;
