//! How a gRPC service of ours stands in a process: one port with the server stack, health per service, reflection,
//! and the process's life. It joins `rpc`, which knows no process, and `runtime`, which knows no gRPC.
//!
//! - [`Port::open`] takes the address, so that whatever can fail does so before anything is served.
//! - [`Port::with`] adds a generated server, [`Port::with_while`] one that hangs on something else, such as a connected
//!   upstream; [`Port::serve`] serves until the process drains.
//! - [`Health`] tells load balancers about things smaller than a service, such as one model.
//!
//! This crate must never know a message of our own, a model or a key.

mod error;
mod health;
mod port;

pub use error::ServiceError;
pub use health::Health;
pub use port::{Door, Port, check};
