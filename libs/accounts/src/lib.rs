//! Who may call, what, and how much: API keys, what they grant, and limits.
//!
//! - [`Keys`] are those of a file, each known by the hash of its secret; a [`KeyStore`] keeps those that are created while
//!   the service runs.
//! - [`Keyring`] knows both, and says whose key came in a request's headers: an [`Account`] with its [`Grants`] and
//!   [`Limits`].
//! - [`Limiter`] holds requests to the limits of their key, their model and of everything: it makes a [`Reservation`]
//!   before, and settles it after, against [`Counters`].
//! - [`MemoryKeys`] and [`MemoryCounters`] are those of one process, [`RedisAccounts`] those of all replicas; one suite,
//!   `tests/conformance`, holds for both.
//!
//! It must never know a transport, a token or a certificate (those are `identity`'s), or what a scope is for.

mod account;
mod bearer;
mod clock;
mod counters;
mod error;
mod grants;
mod key;
mod keyring;
mod keys;
mod limiter;
mod limits;
mod memory;
mod outage;
mod redis;
mod refusal;
mod secret;
mod store;

pub use account::Account;
pub use bearer::bearer;
pub use clock::Clock;
pub use counters::{Answered, Ask, Charge, Counters, Level, Settlement, Tally, Verdict};
pub use error::AccountsError;
pub use grants::Grants;
pub use key::{Key, NewKey};
pub use keyring::{Keyring, KeyringArguments, Refresher};
pub use keys::{KeyArguments, Keys, check_key_name};
pub use limiter::{Choice, LimitArguments, Limiter, Reservation, Settler, WhenAway};
pub use limits::{LimitTable, Limits, Measure};
pub use memory::{MemoryCounters, MemoryKeys};
pub use redis::{RedisAccounts, RedisArguments, RedisOptions, Topology};
pub use refusal::{Exceeded, Refusal, Scope, Standing, Window};
pub use secret::Secret;
pub use store::{KeyPage, KeyStore, MOST_KEYS};
