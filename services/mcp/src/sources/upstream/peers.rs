//! The servers that this process knows, over all configurations that it reads.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use prometheus_client::registry::Registry;
use secrets::Secrets;
use tokio::sync::Notify;

use super::{Peer, follow, link, metrics::Metrics};
use crate::{
    McpError,
    config::{SecretsConfig, UpstreamConfig},
    sources::Errand,
};

/// The servers, by name. One that is described as before is the same one, with its connection and its tools.
#[derive(Clone)]
pub(crate) struct Peers {
    known: Arc<Mutex<BTreeMap<String, Known>>>,
    changed: Arc<Notify>,
    metrics: Metrics,
}

struct Known {
    secrets: SecretsConfig,
    peer: Weak<Peer>,
}

impl Peers {
    /// None yet.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        Self { known: Arc::default(), changed: Arc::default(), metrics: Metrics::register(registry) }
    }

    /// Ends when the tools of some server have changed.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The server of this description, and where it is new, what follows it.
    pub(super) fn get(
        &self,
        name: &str,
        config: &UpstreamConfig,
        secrets: (&SecretsConfig, &Arc<dyn Secrets>),
    ) -> Result<(Arc<Peer>, Option<Errand>), McpError> {
        let config = config.connection();
        if let Some(peer) = self.known(name, &config, secrets.0) {
            return Ok((peer, None));
        }
        let (peer, gone) = Peer::new(link(name, &config, secrets.1)?, config, self.metrics.clone());
        let peer = Arc::new(peer);
        let errand = follow::errand(&peer, gone, Arc::clone(&self.changed));
        Ok((peer, Some(errand)))
    }

    fn known(&self, name: &str, config: &UpstreamConfig, secrets: &SecretsConfig) -> Option<Arc<Peer>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(name).filter(|known| known.secrets == *secrets)?;
        known.peer.upgrade().filter(|peer| peer.config == *config)
    }

    /// Remembers one that is followed from now on.
    pub(super) fn keep(&self, name: &str, peer: &Arc<Peer>, secrets: SecretsConfig) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, known| known.peer.strong_count() > 0);
        known.insert(name.to_owned(), Known { secrets, peer: Arc::downgrade(peer) });
    }
}
