//! Keys and counters of one process, for a laptop and for tests: what they hold ends with it.

mod counters;
mod keys;

pub use self::{counters::MemoryCounters, keys::MemoryKeys};
