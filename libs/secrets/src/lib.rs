//! Other people's secrets: kept elsewhere, named here, shown to nobody.
//!
//! - [`Secrets`] is the port: what is behind a [`Reference`].
//! - [`Secret`] is a value that prints as nothing.
//! - [`Fixed`] holds secrets in memory, for tests.
//!
//! This crate must never know what a secret is for, and never write one down.

mod error;
mod fixed;
mod port;
mod reference;
mod secret;

pub use error::SecretsError;
pub use fixed::Fixed;
pub use port::Secrets;
pub use reference::Reference;
pub use secret::Secret;
