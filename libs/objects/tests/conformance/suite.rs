//! What every store promises.

pub mod condition;
pub mod delete;
pub mod list;
pub mod read;
pub mod stream;
pub mod url;
pub mod versions;
pub mod write;
