//! The port for what has been used: counted in memory or in Redis, with the same promises.

mod tally;

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

pub(crate) use self::tally::{Booking, calendar, cost};
pub use self::tally::{Level, Tally};
use crate::{AccountsError, Limits};

/// How long a settlement is still taken after its lease has run out.
pub(crate) const SETTLED_WITHIN: Duration = Duration::from_hours(1);

/// An answer that takes a while.
pub type Answered<'a, T> = BoxFuture<'a, Result<T, AccountsError>>;

/// Counts reservations against limits. What all implementations promise, `tests/conformance` checks:
///
/// - A reservation is whole or not at all, and however many race, no limit is exceeded.
/// - One that is asked for twice under the same id is there once.
/// - What was reserved and not used comes back, as far as it has not come back by itself; what was used never does before
///   its time, so no limit is exceeded by giving back.
/// - A slot of one that nobody renews is free once its lease has run out.
pub trait Counters: Send + Sync {
    /// Reserves one request and its tokens with every charge, or nothing.
    fn reserve<'a>(&'a self, ask: &'a Ask) -> Answered<'a, Verdict>;

    /// Says what reservations have really used. Ends each; one that is not there, or was settled before, is passed over.
    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> Answered<'a, ()>;

    /// Extends the leases of reservations that still run; those that are not there are passed over.
    fn renew<'a>(&'a self, ids: &'a [String], lease: Duration) -> Answered<'a, ()>;
}

/// One request, before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its own name, without spaces: whoever asks again because an answer was lost has the same reservation.
    pub id: String,
    /// The tokens that it uses at most.
    pub tokens: u64,
    /// How long its slots are held without a word.
    pub lease: Duration,
    /// What it counts for.
    pub charges: Vec<Charge>,
}

/// One account that a request counts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Whose account it is, without spaces, such as `model:qwen`.
    pub account: String,
    /// Its limits; at least one.
    pub limits: Limits,
}

/// What a reservation has really used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The id of its [`Ask`].
    pub id: String,
    /// Tokens.
    pub tokens: u64,
}

/// Whether a request may be done, and how each of its accounts stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether all was reserved; otherwise nothing was.
    pub granted: bool,
    /// The time on the counters' clock.
    pub now: Timestamp,
    /// The accounts, in the order of the charges, with this reservation if it was granted.
    pub tallies: Vec<Tally>,
}
