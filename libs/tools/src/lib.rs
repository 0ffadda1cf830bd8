//! What a tool is, and the policy under which it is called.
//!
//! - [`Tool`] is the port: S3, Athena, HTTP APIs and other servers' tools stand behind it. A [`Descriptor`] says what
//!   callers are told, with a [`Schema`] for what goes in and one for what comes out.
//! - [`Registry`] holds the tools of this moment and is where both faces, gRPC and the Model Context Protocol, list and
//!   call them. It can be replaced while calls run.
//! - [`Policy`] is what configuration says about one tool; `stack` builds the column of tower layers out of it, and each
//!   layer has a file under `policy`.
//! - A tool that has to ask its caller something answers with [`Questions`] and is called again with a [`Dialogue`].
//! - [`Breakers`] are shared by all tools of one upstream, and outlive a reload.
//!
//! Output of a tool is text from strangers: nothing here interprets it, and nothing here logs it.
//!
//! This crate must never know a transport, a vendor or a secret.

mod call;
mod descriptor;
mod dialogue;
mod error;
mod metrics;
mod output;
mod policy;
mod preparing;
mod registry;
mod schema;
mod stack;
mod tool;

pub use call::{Call, Caller, Progress, Step};
pub use descriptor::{Annotations, Descriptor, ToolName};
pub use dialogue::{Abilities, Ask, Dialogue, Question, Questions, Reply};
pub use error::ToolsError;
pub use metrics::Metrics;
pub use output::{Content, Link, Output};
pub use policy::{
    Allow, BreakerState, Breakers, Caching, Overflow, Policy, RateLimit, Retrying, Tasking, Tripping,
};
pub use preparing::Preparing;
pub use registry::{Mounted, Registry};
pub use schema::Schema;
pub use stack::Workshop;
pub use tool::Tool;
