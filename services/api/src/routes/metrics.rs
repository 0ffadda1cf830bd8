//! What Prometheus sees of routes.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use super::Priority;

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer, good or bad.
    Answered,
    /// Nobody was there.
    Unavailable,
    /// No room was there.
    Full,
    /// Our own gate sent it away.
    Shed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::Shed => "shed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    release: &'static str,
    outcome: &'static str,
}

/// What came of a second try, or of a change of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Shed {
    release: &'static str,
    priority: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRelease {
    release: &'static str,
}

/// The figures. Models are no labels: a route may be for any number of them.
#[derive(Clone)]
pub(crate) struct Metrics {
    attempts: Family<Attempt, Counter>,
    failovers: Family<Attempt, Counter>,
    hedges: Family<Ended, Counter>,
    over_budget: Counter,
    shed: Family<Shed, Counter>,
    limit: Family<OfRelease, Gauge>,
    reloads: Family<Ended, Counter>,
    outdated: Gauge,
}

impl Metrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            attempts: Family::default(),
            failovers: Family::default(),
            hedges: Family::default(),
            over_budget: Counter::default(),
            shed: Family::default(),
            limit: Family::default(),
            reloads: Family::default(),
            outdated: Gauge::default(),
        };
        // There from the beginning: a rate of something that is not there alerts nobody.
        for outcome in ["taken", "refused"] {
            drop(metrics.reloads.get_or_create(&Ended { outcome }));
        }
        let help =
            "Attempts at calls of models, by release: answered (good or bad), unavailable, full or shed";
        registry.register("ondol_route_attempts", help, metrics.attempts.clone());
        let help = "Calls that went on to another target, by the release that they left, and why";
        registry.register("ondol_route_failovers", help, metrics.failovers.clone());
        let help = "Calls that were made a second time while the first was waited for: won by it, or lost";
        registry.register("ondol_route_hedges", help, metrics.hedges.clone());
        let help = "Further attempts that were not made, since those of the last seconds were enough";
        registry.register("ondol_route_budget_exhausted", help, metrics.over_budget.clone());
        let help = "Calls that were sent away by the gate of a release, by priority";
        registry.register("ondol_route_shed", help, metrics.shed.clone());
        let help = "Calls that the gate of a release lets run at once";
        registry.register("ondol_route_limit", help, metrics.limit.clone());
        let help = "Changes of the file of routes: taken, or refused";
        registry.register("ondol_route_reloads", help, metrics.reloads.clone());
        let help = "1 while the routes are older ones, since the file that describes them cannot be used";
        registry.register("ondol_route_outdated", help, metrics.outdated.clone());
        metrics
    }

    /// An attempt has ended.
    pub(crate) fn attempted(&self, release: &'static str, outcome: Outcome) {
        self.attempts.get_or_create(&Attempt { release, outcome: outcome.name() }).inc();
    }

    /// A call goes on elsewhere.
    pub(crate) fn failed_over(&self, release: &'static str, outcome: Outcome) {
        self.failovers.get_or_create(&Attempt { release, outcome: outcome.name() }).inc();
    }

    /// A call that was made a second time has its answer.
    pub(crate) fn hedged(&self, won: bool) {
        self.hedges.get_or_create(&Ended { outcome: if won { "won" } else { "lost" } }).inc();
    }

    pub(super) fn over_budget(&self) {
        self.over_budget.inc();
    }

    /// The routes are those of a changed file.
    pub(super) fn taken(&self) {
        self.reloads.get_or_create(&Ended { outcome: "taken" }).inc();
        self.outdated.set(0);
    }

    /// The file has changed, and cannot be used.
    pub(super) fn refused(&self) {
        self.reloads.get_or_create(&Ended { outcome: "refused" }).inc();
        self.outdated.set(1);
    }

    /// The file is again what the routes were read from.
    pub(super) fn restored(&self) {
        self.outdated.set(0);
    }
}

/// Those of one gate.
#[derive(Clone)]
pub(super) struct GateMetrics {
    all: Metrics,
    release: &'static str,
}

impl Metrics {
    /// Those of the gate of this release.
    pub(super) fn gate(&self, release: &'static str) -> GateMetrics {
        GateMetrics { all: self.clone(), release }
    }
}

impl GateMetrics {
    pub(super) fn shed(&self, priority: Priority) {
        let labels = Shed { release: self.release, priority: priority.name() };
        self.all.shed.get_or_create(&labels).inc();
    }

    pub(super) fn limit(&self, calls: usize) {
        self.all.limit.get_or_create(&OfRelease { release: self.release }).set(calls as i64);
    }
}
