//! The secrets that receivers of webhooks are given.

use super::Outbox;
use crate::{Config, McpError, Means};

/// The secrets with which webhooks in a principal's name are signed, as `whsec_…`, the newest first.
pub async fn signing_secrets(
    config: &Config,
    means: &Means,
    principal: &str,
) -> Result<Vec<String>, McpError> {
    let described = config.webhooks.as_ref().ok_or(McpError::NoWebhooks)?;
    let outbox = Outbox::open(described, means.secrets(config).await?)?;
    Ok(outbox.keys(principal).await?.iter().map(webhooks::SigningKey::text).collect())
}
