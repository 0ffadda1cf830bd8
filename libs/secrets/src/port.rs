//! The port.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Reference, Secret, SecretsError};

/// A place where secrets are kept.
#[async_trait]
pub trait Secrets: Debug + Send + Sync + 'static {
    /// The value of this moment. Ask again for each use: it may have been rotated since.
    async fn get(&self, reference: &Reference) -> Result<Secret, SecretsError>;

    /// Whoever was given a value was refused with it: it may have been rotated, so the next [`Self::get`] looks again, unless
    /// it looked a moment ago.
    async fn refresh(&self, reference: &Reference);
}
