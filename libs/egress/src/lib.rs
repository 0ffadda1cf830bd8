//! Requests to addresses that configuration or callers choose, and that therefore must not go everywhere.
//!
//! - [`Egress`] sends a [`Request`] and hands back a [`Response`], within [`EgressOptions`].
//! - `target` decides whether a URL may be asked at all, `address` whether an IP address may be reached, and `resolver` has
//!   a connection go to the very address that was checked, so that a name cannot mean one thing to the check and another to
//!   the connection. Each redirect is a new target.
//! - [`Path`] puts arguments into a path and leaves them in their segment; [`header`] checks a header that an argument is in.
//! - A body is read up to a limit, decompressed, and for as long as it keeps coming.
//!
//! This crate must never know who asks, which tool it is for, or what an answer means.

mod address;
mod error;
mod header;
mod hosts;
mod options;
mod path;
mod request;
mod resolver;
mod response;
mod send;
mod target;

pub use address::{Refusal, check_address};
pub use error::EgressError;
pub use header::header;
pub use hosts::Hosts;
pub use options::EgressOptions;
pub use path::Path;
pub use request::Request;
pub use response::Response;
pub use send::Egress;
pub use target::{check_url, host_of};
