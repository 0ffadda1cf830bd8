//! `OpenAPI` documents, 3.0 and 3.1, as JSON or YAML: what requests an API takes.
//!
//! - [`Document::parse`] reads one; [`Document::operations`] lists what is in it.
//! - [`Document::operation`] describes one request: its method and path, its parameters, its body, and what it answers, each
//!   with a JSON Schema of draft 2020-12 that refers to nothing but [`Operation::definitions`].
//!
//! [`schema_words`] are those that schemas are made of.
//!
//! Documents come from strangers: their size, depth and references are bounded, and nothing outside of them is read.
//!
//! This crate must never ask anybody anything.

mod arguments;
mod document;
mod error;
mod operation;
mod read;
mod reading;
mod schema;

pub use document::{Document, Listed};
pub use error::OpenApiError;
pub use operation::{Body, Media, Operation, Parameter, Place};
pub use schema::schema_words;
