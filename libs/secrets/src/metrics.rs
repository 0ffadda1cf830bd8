//! What Prometheus sees of secrets: never their names, which tell what a team uses.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fetch {
    keeper: &'static str,
    outcome: &'static str,
}

/// How often secrets were fetched, and what came of it. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    fetches: Family<Fetch, Counter>,
}

impl Metrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Secrets that were fetched: ok, missing, failed, or stale, where it failed and an older value is used";
        registry.register("ondol_secret_fetches", help, metrics.fetches.clone());
        metrics
    }

    pub(crate) fn fetched(&self, keeper: &'static str, outcome: &'static str) {
        self.fetches.get_or_create(&Fetch { keeper, outcome }).inc();
    }
}
