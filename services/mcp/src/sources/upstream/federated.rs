//! A server with the policies of one configuration.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use fault::Chain;
use secrets::Secrets;
use tools::{Mounted, Policy, Workshop};

use super::{Peer, Peers, ours, peer::Seen, tool::Calling};
use crate::{Config, McpError, Means, config::SecretsConfig, sources::Errand};

/// A server with the policies of one configuration around its tools.
pub(crate) struct Federated {
    peer: Arc<Peer>,
    peers: Peers,
    secrets: SecretsConfig,
    workshop: Workshop,
    /// By the server's names of the tools.
    policies: BTreeMap<String, Policy>,
    /// Tools that were mounted, so that one which has not changed keeps its cache, its seats and its rates.
    mounted: Mutex<BTreeMap<String, (Arc<Seen>, Mounted)>>,
}

impl Federated {
    /// The server that a configuration calls `name`, and what follows it where it is new. Nothing is asked yet.
    pub(crate) fn of(
        config: &Config,
        name: &str,
        secrets: &Arc<dyn Secrets>,
        means: &Means,
    ) -> Result<(Self, Option<Errand>), McpError> {
        let described = config.upstreams.get(name);
        let upstream =
            described.ok_or_else(|| McpError::Config(format!("there is no [upstreams.{name}]")))?;
        let (peer, errand) = means.peers.get(name, upstream, (&config.secrets, secrets))?;
        let unpinned: Vec<_> = upstream.unpinned().collect();
        if !unpinned.is_empty() {
            let tools = unpinned.join(", ");
            tracing::warn!(
                upstream = name,
                tools,
                "tools of an upstream are not pinned, and not offered: look at them and pin them with `ondol tools pin FILE --write`"
            );
        }
        let policies = upstream.offered().map(|(tool, _)| {
            let policy = config.policy_of(&ours(name, tool), &upstream.policy)?;
            Ok((tool.to_owned(), policy))
        });
        let federated = Self {
            peer,
            peers: means.peers.clone(),
            secrets: config.secrets.clone(),
            workshop: means.workshop.clone(),
            policies: policies.collect::<Result<_, McpError>>()?,
            mounted: Mutex::default(),
        };
        Ok((federated, errand))
    }

    /// What its tools are called here, seen or not.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.policies.keys().map(|tool| ours(&self.peer.link.name, tool))
    }

    /// It is followed from now on, and known to configurations to come.
    pub(crate) fn begin(&self) {
        self.peers.keep(&self.peer.link.name, &self.peer, self.secrets.clone());
    }

    /// Looks at it once.
    #[cfg(test)]
    pub(crate) async fn look(&self) -> Option<bool> {
        self.peer.look().await
    }

    /// The tools that are offered at this moment.
    pub(crate) fn tools(&self) -> Vec<Mounted> {
        let mut mounted = self.mounted.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.peer.tools();
        mounted.retain(|_, (kept, _)| seen.iter().any(|seen| Arc::ptr_eq(seen, kept)));
        for seen in seen {
            if mounted.contains_key(&seen.name) {
                continue;
            }
            match self.mount(&seen) {
                Ok(tool) => drop(mounted.insert(seen.name.clone(), (seen, tool))),
                Err(error) => {
                    tracing::error!(tool = seen.name, "a tool cannot be mounted: {}", Chain(&error));
                }
            }
        }
        mounted.values().map(|(_, tool)| tool.clone()).collect()
    }

    fn mount(&self, seen: &Arc<Seen>) -> Result<Mounted, McpError> {
        let policy = self.policies.get(&seen.name).cloned().unwrap_or_default();
        let calling = Arc::new(Calling { peer: Arc::clone(&self.peer), seen: Arc::clone(seen) });
        let upstream = &self.peer.link.remote.name;
        Ok(self.workshop.mount(calling, seen.descriptor.clone(), policy, upstream)?)
    }
}
