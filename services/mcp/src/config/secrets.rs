//! Where secrets are, as it is written.

use std::{path::PathBuf, sync::Arc, time::Duration};

use amazon::Access;
use secrets::{Fixed, Folder, Keeping, Kept, Manager, Metrics, Secrets, Several};
use serde::Deserialize;

use super::policy::length;
use crate::McpError;

/// A file is read again when it is older than this.
const FOLDER: Keeping = Keeping { ttl: Duration::from_secs(1), stale: Duration::ZERO };
const MANAGER_TTL: Duration = Duration::from_mins(5);
/// How long the tools go on with old values while Secrets Manager is away.
const MANAGER_STALE: Duration = Duration::from_hours(24);

/// Where secrets are. With both, the folder is asked first.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsConfig {
    /// A folder whose files are secrets.
    folder: Option<PathBuf>,
    /// AWS Secrets Manager.
    aws: Option<ManagerConfig>,
}

/// Which Secrets Manager.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct ManagerConfig {
    region: Option<String>,
    endpoint: Option<String>,
    profile: Option<String>,
    /// What the names of all secrets begin with there.
    #[serde(default)]
    prefix: String,
    /// How long a value is used before it is fetched again.
    #[serde(default, deserialize_with = "length")]
    ttl: Option<Duration>,
}

impl SecretsConfig {
    /// Opens them. Nothing is fetched yet.
    pub(crate) async fn open(&self, metrics: &Metrics) -> Result<Arc<dyn Secrets>, McpError> {
        let mut places: Vec<Arc<dyn Secrets>> = Vec::new();
        if let Some(folder) = &self.folder {
            places.push(Arc::new(Kept::new(Folder::open(folder)?, FOLDER, metrics.clone())));
        }
        if let Some(aws) = &self.aws {
            let keeping = Keeping { ttl: aws.ttl.unwrap_or(MANAGER_TTL), stale: MANAGER_STALE };
            places.push(Arc::new(Kept::new(aws.manager().await, keeping, metrics.clone())));
        }
        Ok(match places.len() {
            0 => Arc::new(Fixed::default()),
            _ => Arc::new(Several::new(places)),
        })
    }
}

impl ManagerConfig {
    async fn manager(&self) -> Manager {
        let access = Access {
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            profile: self.profile.clone(),
            credentials: None,
        };
        Manager::open(&access, &self.prefix).await
    }
}
