//! HTTP and JSON for the rpcs of gRPC services, from their descriptors alone, as `google.api.http` describes it.
//!
//! - [`Transcoder`] reads the descriptors: which method and path is which rpc. [`Route::encode`] makes a message of
//!   path, query and body, [`Route::decode`] tells one as JSON.
//! - [`Transcoder::openapi`] describes all of it to clients.
//! - [`Rpc`] is the same for a client that knows the rpc by its name; a [`Shape`] shows people what it takes and
//!   answers.
//!
//! Inside, `template` and `rule` read the annotations, `request` puts a request together, and `json` is protobuf's JSON
//! mapping, which is also what grpcurl speaks: `lowerCamelCase` or the field's own name in requests, 64-bit numbers as
//! text, times and structures as JSON has them.
//!
//! What cannot be taken is refused by name, never ignored: unknown fields and parameters, and whatever is given twice.
//!
//! This crate must never know one of our own messages, a key or a model.

mod comments;
mod error;
mod json;
mod limits;
mod openapi;
mod request;
mod rpc;
mod rule;
mod shape;
mod template;
mod transcoder;
mod wrong;

pub use error::TranscodingError;
pub use limits::Limits;
pub use request::Route;
pub use rpc::Rpc;
pub use shape::{FieldShape, Shape};
pub use transcoder::{Found, Scope, Transcoder};
