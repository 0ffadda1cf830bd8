//! The llm-inference service: language models behind gRPC.
//!
//! [`start`] loads the models that [`Arguments`] name into a catalogue, serves `ondol.inference.v1` over it, and
//! reports health per service and per model. A request goes `grpc` (decode) → `convert` (types that cannot be wrong) →
//! `catalogue` (place in the queue, tokens) → engine, and its events come back through `convert`.
//!
//! This crate must never know another service: whoever calls it does so through the generated client.

mod arguments;
mod catalogue;
mod convert;
mod error;
mod grpc;
mod health;
mod load;
mod start;

pub use arguments::{Arguments, Checks, ModelArguments};
pub use catalogue::Served;
pub use error::InferenceError;
pub use start::{Serving, serve_models, start, start_on};
