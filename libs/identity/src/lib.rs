//! Who calls: by a key, or by what somebody else vouches for, which is tokens of an issuer (JWT, as OIDC has them), and
//! certificates.
//!
//! - [`Callers`] says who calls, by whatever came with a request; keys are those of `accounts`.
//! - [`Identities`] knows the issuers and certificates of a file, and says whose token or certificate came: an
//!   [`Account`](accounts::Account), as keys have it.
//! - `config` reads the file, `issuer` verifies a token, `claims` makes a caller of it.
//! - `published` holds an issuer's keys, fetched by `remote` in the background; `public_key` is one of them.
//! - `certificates` knows callers by the names that their certificates bear.
//!
//! It must never know a transport, or what a scope is for; and it never asks an address that a caller chose.

mod arguments;
mod callers;
mod certificates;
mod claims;
mod config;
mod error;
mod identities;
mod issuer;
mod metrics;
mod public_key;
mod published;
mod refusal;
mod remote;
mod times;

pub use arguments::IdentityArguments;
pub use callers::{Callers, is_token};
pub use error::IdentityError;
pub use identities::Identities;
pub use metrics::Metrics;
pub use refusal::Refusal;
