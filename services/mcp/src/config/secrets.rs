//! Where secrets are, as it is written.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use amazon::Access;
use secrets::{Fixed, Folder, Keeping, Kept, Manager, Metrics, Secrets, SecretsError, Several};
use serde::Deserialize;

use super::policy::length;
use crate::McpError;

/// A file is read again when it is older than this.
const FOLDER: Keeping = Keeping { ttl: Duration::from_secs(1), stale: Duration::ZERO };
const MANAGER_TTL: Duration = Duration::from_mins(5);
const SHORTEST_TTL: Duration = Duration::from_secs(10);
/// How long the tools go on with old values while Secrets Manager is away.
const MANAGER_STALE: Duration = Duration::from_hours(24);

/// Where secrets are. With both, the folder is asked first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretsConfig {
    /// A folder whose files are secrets.
    folder: Option<PathBuf>,
    /// AWS Secrets Manager.
    aws: Option<ManagerConfig>,
}

/// Which Secrets Manager.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
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
    /// Whether none are configured.
    pub(crate) fn is_empty(&self) -> bool {
        self.folder.is_none() && self.aws.is_none()
    }

    /// Where they are, in words.
    pub(crate) fn places(&self, beside: &Path) -> String {
        let folder =
            self.folder.as_ref().map(|folder| format!("the folder {}", beside.join(folder).display()));
        let aws = self.aws.as_ref().map(|_| "AWS Secrets Manager".to_owned());
        folder.into_iter().chain(aws).collect::<Vec<_>>().join(" or ")
    }

    /// Opens them; a folder lies beside the file that says so. Nothing is fetched yet.
    pub(crate) async fn open(&self, beside: &Path, metrics: &Metrics) -> Result<Arc<dyn Secrets>, McpError> {
        let mut places: Vec<Arc<dyn Secrets>> = Vec::new();
        if let Some(folder) = &self.folder {
            places.push(Arc::new(Kept::new(Folder::open(beside.join(folder))?, FOLDER, metrics.clone())));
        }
        if let Some(aws) = &self.aws {
            let ttl = aws.ttl.unwrap_or(MANAGER_TTL);
            if !(SHORTEST_TTL..=MANAGER_STALE).contains(&ttl) {
                return Err(McpError::Config("[secrets.aws] ttl: must be 10s to 24h".to_owned()));
            }
            let keeping = Keeping { ttl, stale: MANAGER_STALE };
            places.push(Arc::new(Kept::new(aws.manager().await?, keeping, metrics.clone())));
        }
        Ok(match places.len() {
            0 => Arc::new(Fixed::default()),
            _ => Arc::new(Several::new(places)),
        })
    }
}

impl ManagerConfig {
    async fn manager(&self) -> Result<Manager, SecretsError> {
        let access = Access {
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            profile: self.profile.clone(),
            credentials: None,
        };
        Manager::open(&access, &self.prefix).await
    }
}
