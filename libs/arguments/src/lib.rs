//! How values are written on the command line, one way for every flag of every program.
//!
//! - [`duration`] reads a length of time, [`positive_duration`] one that is not nothing.
//!
//! This crate must never know a flag: those live beside what they configure.

mod duration;

pub use duration::{LONGEST, duration, positive_duration};
