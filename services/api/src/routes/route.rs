//! Where a model may be run, and in which order that is tried.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Target, pattern::Pattern, turns::Turns};

/// The route of a model, or of several with one beginning.
pub(crate) struct Route {
    pub(super) pattern: Pattern,
    /// Those that share the calls, then those that only stand in.
    pub(super) targets: Vec<Arc<Target>>,
    /// Of those that share.
    pub(super) turns: Turns,
    pub(super) hedge_after: Option<Duration>,
}

impl Route {
    /// Whether there is only one place, so that nothing can be tried elsewhere.
    pub(crate) fn is_lone(&self) -> bool {
        self.targets.len() < 2
    }

    /// After how long a call that need not stream is made a second time, elsewhere.
    pub(crate) fn hedge_after(&self) -> Option<Duration> {
        self.hedge_after.filter(|_| !self.is_lone())
    }

    /// All of its targets, those that share the calls before those that stand in.
    pub(crate) fn targets(&self) -> &[Arc<Target>] {
        &self.targets
    }

    /// The targets in the order in which one call tries them: whose turn it is, the others from the heaviest, then
    /// those that stand in. Those that are away, or full, are left out; if all are, none is, as a call may be better
    /// than none.
    pub(crate) fn order(&self) -> Vec<Arc<Target>> {
        let now = Instant::now();
        let open: Vec<_> = self.targets.iter().map(|target| target.admits(now)).collect();
        let may = |index: usize| open[index] || !open.contains(&true);
        let first = self.turns.next(may);
        let mut others: Vec<_> =
            (0..open.len()).filter(|index| may(*index) && Some(*index) != first).collect();
        others.sort_by_key(|index| (*index >= self.turns.count(), Reverse(self.turns.weight(*index))));
        first.into_iter().chain(others).map(|index| Arc::clone(&self.targets[index])).collect()
    }
}
