//! The port.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Reference, Secret, SecretsError};

/// A place where secrets are kept.
#[async_trait]
pub trait Secrets: Debug + Send + Sync + 'static {
    /// The value of this moment. Ask again for each use: it may have been rotated since.
    async fn get(&self, reference: &Reference) -> Result<Secret, SecretsError>;
}
