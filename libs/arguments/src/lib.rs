//! How values are written on the command line, one way for every flag of every program.
//!
//! - [`duration`] reads a length of time, [`positive_duration`] one that is not nothing.
//! - [`address_advice`] says what to do about an address that cannot be listened on.
//!
//! This crate must never know a flag: those live beside what they configure.

mod address;
mod duration;

pub use address::address_advice;
pub use duration::{duration, positive_duration};
