//! Model packages: what a model is on disk, and how one is made.
//!
//! A package is a folder with `model.onnx` (and its data), `tokenizer.json`, `chat_template.jinja` and `model.toml`.
//!
//! - [`Store`] finds packages by name; [`Package`] is one of them, verified; [`Manifest`] is its `model.toml`.
//! - [`Tokenizer`] and [`ChatTemplate`] turn messages into token ids and ids back into bytes.
//! - [`Arrival`] takes a package that comes from elsewhere, file by file, which may go on another day.
//! - [`import`] writes a package out of a GGUF file, in bounded memory and atomically.
//!
//! This crate reads and writes files. It must never know about a transport, a scheduler or ONNX Runtime: it writes
//! graphs, and does not run them.

mod arrival;
mod chat_template;
mod error;
mod gguf;
pub mod import;
mod manifest;
mod onnx;
mod package;
mod place;
mod recorded_file;
mod store;
mod tokenizer;

pub use arrival::{Arrival, ArrivingFile};
pub use chat_template::{ChatMessage, ChatTemplate};
pub use error::ModelError;
pub use manifest::{Decoder, FileRecord, Manifest, Precision, Provenance, SCHEMA, SpecialTokens, Task};
pub use package::{MANIFEST, MAX_MANIFEST, Package, digest};
pub use store::{Entry, Store};
pub use tokenizer::{Specials, Tokenizer};
