//! Webhooks as the [Standard Webhooks](https://www.standardwebhooks.com) specification has them: how a body is signed, and how
//! its receiver finds out that it was.
//!
//! - [`SigningKey`] is a principal's own, derived from a secret that only the sender has; [`SigningKey::text`] is how its
//!   receiver is told of it.
//! - [`Signed`] is what comes with a body, and [`Signed::verify`] says whether it is what was sent, and lately.
//!
//! This crate must never know where a body goes, or what is in it.

mod error;
mod key;
mod signed;

pub use error::WebhooksError;
pub use key::SigningKey;
pub use signed::{ID_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER};
