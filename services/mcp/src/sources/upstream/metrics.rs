//! What Prometheus sees of other servers' tools.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTool {
    upstream: String,
    tool: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Look {
    upstream: String,
    outcome: &'static str,
}

/// The figures. All label values come from configuration.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    changed: Family<OfTool, Gauge>,
    looks: Family<Look, Counter>,
}

impl Metrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Whether an upstream's tool says something else than when it was pinned: 1, and it is not offered";
        registry.register("ondol_upstream_tool_changed", help, metrics.changed.clone());
        let help = "Looks at an upstream's list of tools, ok or failed";
        registry.register("ondol_upstream_lists", help, metrics.looks.clone());
        metrics
    }

    pub(super) fn changed(&self, upstream: &str, tool: &str, changed: bool) {
        let labels = OfTool { upstream: upstream.to_owned(), tool: tool.to_owned() };
        self.changed.get_or_create(&labels).set(i64::from(changed));
    }

    pub(super) fn gone(&self, upstream: &str, tool: &str) {
        self.changed.remove(&OfTool { upstream: upstream.to_owned(), tool: tool.to_owned() });
    }

    pub(super) fn looked(&self, upstream: &str, ok: bool) {
        let outcome = if ok { "ok" } else { "failed" };
        self.looks.get_or_create(&Look { upstream: upstream.to_owned(), outcome }).inc();
    }
}
