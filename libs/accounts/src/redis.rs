//! Keys and counters in Redis (7 or newer) or Valkey: Lua scripts over one shared connection.
//!
//! - [`RedisOptions`] say where it is, [`RedisArguments`] are the command line for it.
//! - `connect` makes connections; `server` runs one script, or says why it could not.
//! - `keys` and `counters` are the two ports; `scripts/*.lua` do what has to be one step, and `scripts/line.lua` stands
//!   before each and lists the names.
//!
//! All names have one hash tag, so that in a cluster they share a slot and one script reaches all that a request counts for.

mod connect;
mod counters;
mod keys;
mod options;
mod record;
mod script;
mod server;

use std::sync::Arc;

pub use self::options::{RedisArguments, RedisOptions, Topology};
use self::server::Server;
use crate::{AccountsError, Clock};

/// Keys and counters in Redis. A clone shares the connection.
#[derive(Clone)]
pub struct RedisAccounts {
    server: Arc<Server>,
    clock: Clock,
}

impl RedisAccounts {
    /// Keys and counters at Redis, which is not reached before the first call.
    pub fn new(options: &RedisOptions) -> Result<Self, AccountsError> {
        Ok(Self { server: Arc::new(Server::new(options)?), clock: Clock::default() })
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), AccountsError> {
        self.server.ping().await
    }
}
