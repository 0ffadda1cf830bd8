//! What tools are made with, the same for every configuration that the process reads.

use std::{path::PathBuf, sync::Arc};

use objects::Objects;
use prometheus_client::registry::Registry;
use secrets::Secrets;
use tokio::sync::Mutex;
use tools::{Breakers, Metrics, Overflow, Workshop};

use crate::{Config, McpError, config::SecretsConfig, outbox, sources::upstream::Peers};

/// What tools are made with.
#[derive(Clone)]
pub struct Means {
    /// Where policies are put around tools.
    pub(crate) workshop: Workshop,
    metrics: secrets::Metrics,
    /// The secrets that were opened last, and what they were opened by: another reading of the same keeps what was fetched.
    opened: Arc<Mutex<Option<Opened>>>,
    /// The other servers that are known.
    pub(crate) peers: Peers,
    /// What is counted of webhooks.
    pub(crate) webhooks: outbox::Metrics,
}

type Opened = (SecretsConfig, PathBuf, Arc<dyn Secrets>);

impl Means {
    /// These, with their metrics in this registry. Answers that are too large go to `objects`.
    pub fn register(registry: &mut Registry, objects: Option<Arc<dyn Objects>>) -> Self {
        let metrics = Metrics::register(registry);
        let breakers = Breakers::new(metrics.clone());
        let overflow = objects.map(Overflow::new);
        Self {
            workshop: Workshop { metrics, breakers, overflow },
            metrics: secrets::Metrics::register(registry),
            opened: Arc::default(),
            peers: Peers::register(registry),
            webhooks: outbox::Metrics::register(registry),
        }
    }

    /// The secrets of a configuration.
    pub(crate) async fn secrets(&self, config: &Config) -> Result<Arc<dyn Secrets>, McpError> {
        let mut opened = self.opened.lock().await;
        if let Some((before, folder, secrets)) = &*opened
            && *before == config.secrets
            && *folder == config.folder
        {
            return Ok(Arc::clone(secrets));
        }
        let secrets = config.secrets.open(&config.folder, &self.metrics).await?;
        *opened = Some((config.secrets.clone(), config.folder.clone(), Arc::clone(&secrets)));
        Ok(secrets)
    }
}
