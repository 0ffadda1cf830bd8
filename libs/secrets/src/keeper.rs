//! Where secrets are really kept.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{Secret, SecretsError};

/// The largest secret.
pub(crate) const LARGEST: usize = 64 * 1024;

/// Something that keeps whole secrets by name, and is slow, or away at times.
#[async_trait]
pub trait Keeper: Debug + Send + Sync + 'static {
    /// What it is called in logs and metrics.
    fn name(&self) -> &'static str;

    /// Fetches the value of this moment.
    async fn fetch(&self, name: &str) -> Result<Secret, SecretsError>;
}
