//! Protobuf's JSON mapping.
//!
//! - `read` takes bytes for JSON, within bounds;
//! - `fill` puts JSON into a message, and says of every wrong field what was expected; `scalar` and `known` do so for
//!   values;
//! - `write` tells a message.

mod fill;
mod known;
mod read;
mod scalar;
mod write;

pub(crate) use fill::{Filling, is_text};
pub(crate) use known::{example, is_known};
pub(crate) use read::read;
pub(crate) use scalar::scalar;
pub(crate) use write::{value, write, write_field, write_indented, write_set};
