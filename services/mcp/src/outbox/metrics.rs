//! What Prometheus sees of webhooks.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// From a receiver next door to the longest that one may take. 0.8 and 1.0 are edges, since objectives stand there.
const BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.8, 1.0, 5.0, 15.0, 60.0];

/// The figures. Hosts are chosen by callers, so none is a label.
#[derive(Clone)]
pub(crate) struct Metrics {
    deliveries: Family<Outcome, Counter>,
    duration: Histogram,
}

impl Metrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { deliveries: Family::default(), duration: Histogram::new(BOUNDS) };
        let help = "Attempts to deliver a webhook: delivered, refused (for good), failed (for now), forbidden (by \
                    configuration), unconfigured or cancelled";
        registry.register("ondol_webhook_deliveries", help, metrics.deliveries.clone());
        let (name, help) = ("ondol_webhook_duration", "Time of an attempt to deliver a webhook");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.duration.clone());
        metrics
    }

    pub(super) fn attempted(&self, outcome: &'static str, elapsed: Duration) {
        self.deliveries.get_or_create(&Outcome { outcome }).inc();
        self.duration.observe(elapsed.as_secs_f64());
    }
}
