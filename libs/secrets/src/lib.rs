//! Other people's secrets: kept elsewhere, named here, shown to nobody.
//!
//! - [`Secrets`] is the port: what is behind a [`Reference`].
//! - [`Secret`] is a value that prints as nothing.
//! - [`Kept`] is the port over a [`Keeper`]: it asks once for many, uses an answer for a while, and takes a field out of a
//!   secret that is JSON.
//! - [`Folder`] and [`Manager`] are keepers: files, and AWS Secrets Manager. [`Several`] asks one after the other.
//! - [`Redactor`] takes secrets out of what those who were given them say.
//! - [`Fixed`] holds secrets in memory, for tests.
//!
//! This crate must never know what a secret is for, and never write one down.

mod error;
mod fixed;
mod folder;
mod keeper;
mod kept;
mod manager;
mod metrics;
mod port;
mod redact;
mod reference;
mod secret;
mod several;

pub use error::SecretsError;
pub use fixed::Fixed;
pub use folder::Folder;
pub use keeper::Keeper;
pub use kept::{Keeping, Kept};
pub use manager::Manager;
pub use metrics::Metrics;
pub use port::Secrets;
pub use redact::Redactor;
pub use reference::Reference;
pub use secret::Secret;
pub use several::Several;
