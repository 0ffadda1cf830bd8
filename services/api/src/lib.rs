//! The api service: the public door.
//!
//! [`start`] loads the keys, connects to llm-inference, the queue and the store, and serves whoever holds a key. A
//! request that `door` does not turn away goes through the server stack and `auth` (who calls: `accounts` knows keys,
//! `identity` tokens and certificates); what the key allows is asked of `allowed`. Then:
//! - `grpc/inference`: what can be checked without a model, then on to llm-inference in the caller's name;
//!   `grpc/dispatch` tries the targets that `routes` has for the model, until one answers;
//! - `grpc/tools`: on to mcp, with what the caller's key grants;
//! - `grpc/jobs` over `desk`: one owner's jobs in the queue. Workers run them; api and worker meet only in the queue
//!   and the store;
//! - `grpc/limits` stands before what generates, calls a tool or makes a job: what a call may use is reserved;
//! - `grpc/keys` over the store of keys: for administrators;
//! - `grpc/artifacts` and `http/generated` over `results`: what jobs made, and its bytes;
//! - `http/openai`: OpenAI's interface, which asks `grpc/inference` in the same process;
//! - `http/uploads`: the input of jobs, where the store is a folder.
//!
//! `convert` is where messages become types that cannot be wrong, and back.
//!
//! This crate must never know a model, a prompt's tokens or another service's code: peers are generated clients.

mod allowed;
mod arguments;
mod auth;
mod backends;
mod convert;
mod desk;
mod door;
mod error;
mod grpc;
mod http;
mod public;
mod reachable;
mod results;
mod routes;
mod seal;
mod start;

pub use arguments::Arguments;
pub use backends::Backends;
pub use error::ApiError;
pub use http::{ArtifactArguments, Delivery};
pub use routes::RouteArguments;
pub use start::{LlmInference, Mcp, start, start_on};
