//! How values are written on the command line, one way for every flag of every program.
//!
//! - [`duration`] reads a length of time.
//!
//! This crate must never know a flag: those live beside what they configure.

mod duration;

pub use duration::{LONGEST, duration};
