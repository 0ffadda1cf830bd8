//! How values are written on the command line and in files, one way for every flag of every program.
//!
//! - [`duration`] reads a length of time, [`positive_duration`] one that is not nothing.
//! - [`address_advice`] says what to do about an address that cannot be listened on.
//! - [`text_of`] and [`bytes_of`] read a file that an operator writes, [`toml_problem`] says what is wrong with it.
//!
//! This crate must never know a flag: those live beside what they configure.

mod address;
mod duration;
mod written;

pub use address::address_advice;
pub use duration::{duration, positive_duration};
pub use written::{bytes_of, text_of, toml_problem};
