//! What Prometheus sees of limits.

use accounts::{AccountsError, Refusal};
use fault::{Fault, Kind};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Exceeded {
    scope: &'static str,
    measure: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// The figures. Callers and models are no labels: the log tells them.
#[derive(Clone)]
pub(crate) struct Metrics {
    refused: Family<Exceeded, Counter>,
    away: Family<Outcome, Counter>,
}

impl Metrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self { refused: Family::default(), away: Family::default() };
        let help = "Limits that stood in the way of calls, by whose they are (key, model or global) and what \
                    they bound, such as tokens_per_day";
        registry.register("ondol_limits_exceeded", help, metrics.refused.clone());
        let help = "Calls with limits while Redis was away: counted (by this process alone) or refused";
        registry.register("ondol_limits_away", help, metrics.away.clone());
        metrics
    }

    pub(super) fn counted_here(&self) {
        self.away.get_or_create(&Outcome { outcome: "counted" }).inc();
    }

    pub(super) fn exceeded(&self, refusal: &Refusal) {
        for one in &refusal.exceeded {
            let labels = Exceeded { scope: one.scope.kind(), measure: one.measure.field() };
            self.refused.get_or_create(&labels).inc();
        }
    }

    pub(super) fn refused(&self, error: &AccountsError) {
        match error {
            AccountsError::Limited(refusal) => self.exceeded(refusal),
            away if away.kind() == Kind::Unavailable => {
                self.away.get_or_create(&Outcome { outcome: "refused" }).inc();
            }
            _ => {}
        }
    }
}
