//! What Prometheus sees of the file of tools.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The figures.
#[derive(Clone)]
pub(crate) struct Metrics {
    reloads: Family<Outcome, Counter>,
    outdated: Gauge,
}

impl Metrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { reloads: Family::default(), outdated: Gauge::default() };
        // There from the beginning: a rate of something that is not there alerts nobody.
        for outcome in ["taken", "refused"] {
            drop(metrics.reloads.get_or_create(&Outcome { outcome }));
        }
        let help = "Changes of the file that describes the tools: taken, or refused";
        registry.register("ondol_tools_reloads", help, metrics.reloads.clone());
        let help = "1 while the tools are older ones, since the file that describes them cannot be used";
        registry.register("ondol_tools_outdated", help, metrics.outdated.clone());
        metrics
    }

    pub(super) fn taken(&self) {
        self.reloads.get_or_create(&Outcome { outcome: "taken" }).inc();
        self.outdated.set(0);
    }

    pub(super) fn refused(&self) {
        self.reloads.get_or_create(&Outcome { outcome: "refused" }).inc();
        self.outdated.set(1);
    }

    /// The file is again what the tools were read from.
    pub(super) fn restored(&self) {
        self.outdated.set(0);
    }
}
