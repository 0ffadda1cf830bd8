//! What tools are made with, the same for every configuration that the process reads.

use crate::sources::upstream::Peers;
use objects::Objects;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use tools::{Breakers, Metrics, Overflow, Workshop};

/// What tools are made with.
#[derive(Clone)]
pub struct Means {
    /// Where policies are put around tools.
    pub(crate) workshop: Workshop,
    /// Where fetched secrets are counted.
    pub(crate) secrets: secrets::Metrics,
    /// The other servers that are known.
    pub(crate) peers: Peers,
}

impl Means {
    /// These, with their metrics in this registry. Answers that are too large go to `objects`.
    pub fn register(registry: &mut Registry, objects: Option<Arc<dyn Objects>>) -> Self {
        let metrics = Metrics::register(registry);
        let breakers = Breakers::new(metrics.clone());
        let overflow = objects.map(Overflow::new);
        Self {
            workshop: Workshop { metrics, breakers, overflow },
            secrets: secrets::Metrics::register(registry),
            peers: Peers::register(registry),
        }
    }
}
