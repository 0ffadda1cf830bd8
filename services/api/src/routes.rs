//! Which llm-inference runs which model: releases, the routes of models to them, and what is known of each.
//!
//! - `arguments` and `file` are what an operator says, checked word by word.
//! - `table` finds the route of a model; a `route` puts its targets in the order in which a call tries them, `turns` by
//!   weight, and passes over those whose `standing` is bad.
//! - `release` is the connection to one llm-inference, `open` makes all of them, `reload` again when the file changes.
//! - `gate` holds calls back where a release says how many it takes, by `priority`, and `limit` finds out how many
//!   those are.
//! - `metrics` are the figures.
//!
//! Nothing here knows a message: `grpc/dispatch` makes the calls.

mod arguments;
mod file;
mod gate;
mod limit;
mod metrics;
mod open;
mod pattern;
mod priority;
mod release;
mod reload;
mod route;
mod standing;
mod table;
mod target;
mod turns;

pub use arguments::RouteArguments;
pub(crate) use gate::Pass;
use metrics::GateMetrics;
pub(crate) use metrics::{Metrics, Outcome};
pub(crate) use open::open;
#[cfg(test)]
pub(crate) use open::over;
pub(crate) use priority::{PRIORITY, Priority};
pub(crate) use release::Release;
pub(crate) use reload::Reload;
pub(crate) use route::Route;
pub(crate) use target::Target;

use std::{sync::Arc, time::Duration};

use tower::retry::budget::{Budget, TpsBudget};

use table::Table;

/// The time over which the budget is counted.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Further attempts that are always allowed, so that a quiet service can make one at all.
const BUDGET_RESERVE_PER_SECOND: u32 = 1;
/// Further attempts allowed for every call, so that they cannot multiply an overload.
const BUDGET_SHARE: f32 = 0.2;

/// The routes of the service.
pub(crate) struct Routes {
    table: Table,
    releases: Vec<Arc<Release>>,
    /// Those that a route leads to: calls that generate go nowhere else.
    in_use: Vec<Arc<Release>>,
    budget: Arc<TpsBudget>,
    metrics: Metrics,
}

/// Room for further attempts.
fn budget() -> Arc<TpsBudget> {
    Arc::new(TpsBudget::new(BUDGET_WINDOW, BUDGET_RESERVE_PER_SECOND, BUDGET_SHARE))
}

impl Routes {
    fn new(table: Table, releases: Vec<Arc<Release>>, metrics: Metrics, budget: Arc<TpsBudget>) -> Self {
        let in_use = releases.iter().filter(|release| table.leads_to(release)).cloned().collect();
        Self { table, releases, in_use, budget, metrics }
    }

    /// The route of a model, if it has one.
    pub(crate) fn find(&self, model: &str) -> Option<&Arc<Route>> {
        self.table.find(model)
    }

    /// When a call should come back that every release in use would send away now. It is counted as if each had been
    /// asked.
    pub(crate) fn full_for(&self, priority: Priority) -> Option<Duration> {
        let is_full = |release: &Release| release.gate().is_some_and(|gate| gate.is_full_for(priority));
        if !self.in_use.iter().all(|release| is_full(release)) {
            return None;
        }
        let gates = self.in_use.iter().filter_map(|release| Some((release.name(), release.gate()?)));
        let sent_away = gates.map(|(release, gate)| {
            self.metrics.attempted(release, Outcome::Shed);
            gate.send_away(priority)
        });
        sent_away.min()
    }

    /// The routes of one name, which may be names that no release knows.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &Arc<Route>)> {
        self.table.named()
    }

    /// Every release.
    pub(crate) fn releases(&self) -> &[Arc<Release>] {
        &self.releases
    }

    /// The one release of a service without a file, whose models are what they are.
    pub(crate) fn only(&self) -> Option<&Arc<Release>> {
        self.releases.first().filter(|release| release.told().is_none())
    }

    /// The figures.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A call begins, which earns a share of a further attempt.
    pub(crate) fn called(&self) {
        self.budget.deposit();
    }

    /// Whether one more attempt may be made at a call. Asking spends it.
    pub(crate) fn may_try_again(&self) -> bool {
        let may = self.budget.withdraw();
        if !may {
            self.metrics.over_budget();
        }
        may
    }
}
