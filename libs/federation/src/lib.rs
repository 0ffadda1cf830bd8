//! Tools of other servers: the client's side of the Model Context Protocol, for servers that are not believed.
//!
//! - [`Session::open`] finds out which revision a server speaks, 2026-07-28 or an older one with a handshake;
//!   [`Session::list`] and [`Session::call`] ask it. Each question is one POST through `egress`, as [`Way`] says where and in
//!   whose name, and is over when its future is dropped.
//! - [`Reader`] takes an answer apart while it comes, as JSON or as a stream of events.
//! - [`Listed`] is a tool as it is listed: within bounds, without characters that cannot be seen, and with a digest of all that
//!   was said about it. [`Told`] is the answer of a call.
//!
//! The SDK's own client keeps one worker for all calls, opens streams again by itself, and decides by its shape what an answer
//! is. Here a call is a future that owns its connection, so that policies above can time it, drop it and count what it did.
//!
//! This crate must never know a secret's name, a policy, or what a tool is for.

mod digest;
mod error;
mod events;
mod exchange;
mod listed;
mod listing;
mod message;
mod mirror;
mod reader;
mod schema;
mod session;
mod told;
mod words;

pub use error::FederationError;
pub use exchange::Way;
pub use listed::{Hints, Listed};
pub use listing::{Listing, Rejected};
pub use mirror::Mirror;
pub use reader::{Happening, Reader, Step};
pub use session::{Asked, Session};
pub use told::{Piece, Told};
pub use words::{cleaned, is_clean};
