//! The api service: the only public door.
//!
//! [`start`] loads the keys, connects to llm-inference and serves `ondol.inference.v1` to whoever holds a key. A
//! request goes through the server stack, `grpc/auth` (who calls) and `grpc/inference` (what can be checked without a
//! model), then on to llm-inference in the caller's name.
//!
//! This crate must never know a model, a prompt's tokens or another service's code: peers are generated clients.

mod arguments;
mod error;
mod grpc;
mod keys;
mod start;

pub use arguments::Arguments;
pub use error::ApiError;
pub use keys::{KeyArguments, check_key_name};
pub use start::{LlmInference, start};
