//! How many spans left the process, and how many did not.

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::reason::Reason;

/// Spans that the collector has taken, and those that were dropped, by the reason.
#[derive(Clone, Debug)]
pub(crate) struct SpanCounts {
    pub(super) exported: Counter,
    /// There was no room: the collector is away, or slower than the calls.
    pub(super) full: Counter,
    /// The export failed, after what the library tries again.
    pub(super) undelivered: Counter,
    dropped: Family<Reason, Counter>,
}

impl Default for SpanCounts {
    fn default() -> Self {
        let dropped = Family::<Reason, Counter>::default();
        let of = |reason| dropped.get_or_create_owned(&Reason { reason });
        Self { exported: Counter::default(), full: of("full"), undelivered: of("undelivered"), dropped }
    }
}

impl SpanCounts {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register(
            "ondol_spans_exported",
            "Spans that the collector has taken",
            self.exported.clone(),
        );
        let help = "Spans that were not exported, by the reason";
        registry.register("ondol_spans_dropped", help, self.dropped.clone());
    }
}
