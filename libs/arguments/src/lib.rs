//! How values are written on the command line and in files, one way for every flag of every program.
//!
//! - [`duration`] reads a length of time, [`positive_duration`] one that is not nothing; [`count`] and [`positive`]
//!   do the same with numbers.
//! - [`address`] reads an address to listen on; [`address_advice`] says what to do about one that cannot be listened on.
//! - [`redis_advice`] says what is wrong with an address of Redis, and nothing of what stands in it.
//! - [`SettingsFile`] is a file that a flag names. It is read here, and every [`FileError`] begins with the flag and the
//!   file.
//! - [`from_toml`] reads a text in TOML; a [`Flaw`] says what is wrong there, in which field and at which line.
//!
//! This crate must never know a flag: those live beside what they configure.

mod address;
mod count;
mod duration;
mod flaw;
mod places;
mod redis;
mod settings_file;
mod toml_text;

pub use address::{address, address_advice};
pub use count::{count, positive};
pub use duration::{duration, positive_duration};
pub use flaw::Flaw;
pub use places::field_name;
pub use redis::redis_advice;
pub use settings_file::{FileError, SettingsFile};
pub use toml_text::from_toml;
