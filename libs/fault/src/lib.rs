//! The closed set of error kinds that every crate of Ondol speaks.
//!
//! A library returns its own error enum and implements [`Fault`] for it: the [`Kind`] says what the caller can do
//! about it, the public message is safe to show, and everything else (the source chain) stays in our logs, printed
//! by [`Chain`]. `rpc` is the only crate that turns a fault into a gRPC status.
//!
//! This crate must never know about a transport, a database or a model.

mod chain;
mod kind;
mod quota;
mod rounded;
mod too_slow;
mod violation;

use std::{borrow::Cow, error::Error, time::Duration};

pub use chain::Chain;
pub use kind::Kind;
pub use quota::Quota;
pub use rounded::Rounded;
pub use too_slow::TooSlow;
pub use violation::Violation;

/// An error that can be shown to a caller.
pub trait Fault: Error {
    /// What the caller can do about it.
    fn kind(&self) -> Kind;

    /// A sentence that is safe and useful to the caller: what was wrong, what was expected, what to do.
    /// Never a secret, a path, an address or the text of an inner error.
    fn public_message(&self) -> Cow<'_, str>;

    /// A stable `UPPER_SNAKE_CASE` word for programs to match on.
    fn reason(&self) -> &'static str {
        self.kind().reason()
    }

    /// Which fields of the request were wrong; empty unless the kind is [`Kind::InvalidArgument`].
    fn violations(&self) -> &[Violation] {
        &[]
    }

    /// Whether it is certain that nothing was done: asking again cannot do it twice.
    fn nothing_was_done(&self) -> bool {
        false
    }

    /// Which quotas leave no room, for now ([`Kind::ResourceExhausted`]) or ever ([`Kind::FailedPrecondition`]); empty
    /// where there is nothing closer to say than the reason.
    fn quotas(&self) -> Vec<Quota> {
        Vec::new()
    }

    /// How long the caller should wait before it tries again, where that is known.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}
