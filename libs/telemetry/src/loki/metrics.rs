//! How many lines went, and how many were left out.

use prometheus_client::{
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::reason::Reason;

/// Lines that were pushed, and those that were dropped, by the reason.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(super) pushed: Counter,
    /// There was no room: Loki is away, or slower than the log.
    pub(super) full: Counter,
    /// The line is longer than Loki takes.
    pub(super) too_long: Counter,
    /// Loki was away, or refused the line, for longer than it is worth.
    pub(super) undelivered: Counter,
    dropped: Family<Reason, Counter>,
}

impl Default for Counts {
    fn default() -> Self {
        let dropped = Family::<Reason, Counter>::default();
        let of = |reason| dropped.get_or_create_owned(&Reason { reason });
        Self {
            pushed: Counter::default(),
            full: of("full"),
            too_long: of("too_long"),
            undelivered: of("undelivered"),
            dropped,
        }
    }
}

impl Counts {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("ondol_log_lines_pushed", "Log lines that Loki has taken", self.pushed.clone());
        let help =
            "Log lines that were not pushed to Loki, by the reason; they are on standard output all the same";
        registry.register("ondol_log_lines_dropped", help, self.dropped.clone());
    }
}
