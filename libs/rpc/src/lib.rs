//! The one way into a service and the one way out of it: a server stack, a client stack, and the only place where
//! a [`fault::Fault`] becomes a gRPC status and back.
//!
//! - [`status`] answers a fault; [`Remote`] is a fault that came from a peer.
//! - [`Server`] wraps tonic routes in the column of `server.rs` and serves them until it is told to stop.
//! - [`Upstream`] is the channel that generated clients are built on; its column is in `upstream.rs`.
//! - [`CallContext`] and its parts ([`RequestId`], [`Deadline`], [`Principal`], [`Grants`]) travel as request
//!   extensions; [`onward`] hands them to the next call.
//! - A [`Doorkeeper`] knows calls that there is no room for, which then cost next to nothing.
//! - [`heartbeat`] keeps a silent stream alive through load balancers.
//!
//! Behaviours live one to a file, as a `Step` that sees a request before and its response after, and as a `BodyStep`
//! where they go on to the response's last frame. Both stacks speak gRPC. The server's also carries plain HTTP routes,
//! whose refusals `plain` turns from statuses into HTTP's own. What public doors speak besides, JSON and gRPC-Web,
//! becomes gRPC in front of the column ([`Public`]); paths whose clients know errors in another form name it there
//! ([`ErrorShape`]), and a body of events says in its own way how it failed ([`LastWords`]).
//!
//! This crate must never know one of our own messages, a model, a queue or a key. It spawns nothing that outlives
//! its owner: a [`Server`] waits for its connections, an [`Upstream`] ends its own.

mod server;
mod status;
mod upstream;

mod access_log;
mod browsers;
mod concurrency;
mod context;
mod deadline;
mod draining;
mod fork;
mod grants;
mod malformed;
mod metrics;
mod observe;
mod panic;
mod plain;
mod principal;
mod request_id;
mod step;
mod trace;
mod turn_away;

mod error;
mod heartbeat;
mod tasks;
mod tls;

pub use browsers::BrowserArguments;
pub use context::{CallContext, onward};
pub use deadline::Deadline;
pub use error::RpcError;
pub use grants::{GRANTS_HEADER, Grants};
pub use heartbeat::{Heartbeat, heartbeat};
pub use metrics::{Methods, ServerMetrics};
pub use plain::{ErrorShape, LastWords};
pub use principal::{PRINCIPAL_HEADER, Principal, Trust};
pub use request_id::{REQUEST_ID_HEADER, RequestId};
pub use server::{MessageLimits, Public, Server, ServerArguments, bind};
pub use status::{ERROR_DOMAIN, Remote, code_of, kind_of, name_of, status};
pub use tls::{PeerNames, ServerCertificate, check_server};
pub use trace::kept_trace;
pub use turn_away::{Doorkeeper, Refusal};
pub use upstream::{
    AtMostOnce, ConnectFailure, Connector, Dns, Io, Obstacle, OptionalUpstream, Resolve, Upstream,
    UpstreamArguments, UpstreamMetrics, UpstreamName, UpstreamSettings, parse_url,
};
