//! The mcp service: tools, for programs by gRPC and for agents by the Model Context Protocol.
//!
//! - [`start`] reads the configuration, builds the tools and serves them until the process drains; `reload` reads it again
//!   when it changes.
//! - `config` is the file as it is written; `assembly` turns it into tools with their policies, or says what is wrong with it.
//!   [`advice`] says what is not wrong, and yet cannot be meant.
//! - `sources` are the kinds of tools, one module each; `remote` is somebody else's server that they ask. [`Resources`] and
//!   [`Prompt`] are the ports of what agents can read and pick beside them.
//! - `grpc` is `ondol.tools.v1.ToolService`, `protocol` is `/mcp`: two faces of one [`tools::Registry`].
//! - `outbox` tells ends of jobs to receivers that callers choose, signed.
//!
//! This is the only process that reaches addresses which callers or tools choose, and the only one with other people's
//! secrets. It must never know a model, a job or another service's code.

mod advice;
mod arguments;
mod assembly;
mod config;
mod convert;
mod error;
mod grpc;
mod means;
mod outbox;
mod problems;
mod prompts;
mod protocol;
mod reload;
mod remote;
mod resources;
mod sources;
mod start;
mod template;

pub use advice::advice;
pub use arguments::{Arguments, ProtocolArguments};
pub use assembly::Assembly;
pub use config::Config;
pub use error::McpError;
pub use means::Means;
pub use outbox::{Refusal, signing_secrets};
pub use prompts::{Prompt, PromptAbout, PromptArgument, PromptMessage};
pub use protocol::routes;
pub use resources::{Listing, Resources, Template};
pub use sources::upstream::{Found, Standing, Survey, Words, survey};
pub use start::{Faces, Serving, start, start_on};
