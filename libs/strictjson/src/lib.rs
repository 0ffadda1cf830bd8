//! JSON that strangers send, read once and without doubt: it is not nested too deep, and names nothing twice.
//!
//! RFC 8259 leaves open what a name means that stands twice in an object. Whoever checks the first value and whoever uses the
//! last one would then be at odds, so there is neither here.
//!
//! - [`read`] reads bytes; a [`StrictJsonError`] says what is wrong with them, and where.
//! - [`Place`] is where a value stands, as its sender would write it.
//!
//! This crate must never know what JSON is read for.

mod error;
mod place;
mod read;

pub use error::StrictJsonError;
pub use place::Place;
pub use read::{MAX_DEPTH, read};
