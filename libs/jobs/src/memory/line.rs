//! Into and out of the line: fairness and caps.

use super::store::{Millis, Store, step_down};
use crate::{JobId, Name, Priority, State};

/// How much older than it is a parked job counts, in milliseconds.
fn head_start(priority: Priority) -> Millis {
    match priority {
        Priority::High => 60_000,
        Priority::Normal => 0,
        Priority::Low => -60_000,
    }
}

impl Store {
    pub(super) fn opened(&self, tenant: &Name) -> u64 {
        self.open.get(tenant).copied().unwrap_or_default()
    }

    pub(super) fn cap(&self, tenant: &Name) -> Option<u64> {
        self.tenants.get(tenant).and_then(|own| own.running).or(self.limits.tenant_running)
    }

    fn has_room(&self, tenant: &Name) -> bool {
        self.cap(tenant).is_none_or(|cap| self.opened(tenant) < cap)
    }

    /// The next tag of a flow, which is a tenant at one priority.
    fn next_tag(&mut self, kind: &Name, tenant: &Name, priority: Priority) -> f64 {
        let weight = self.tenants.get(tenant).map_or(1, |own| own.weight);
        let line = self.lines.entry(kind.clone()).or_default();
        let last = line.tags.entry((tenant.clone(), priority)).or_default();
        let start = line.now.max(*last);
        *last = start + 1.0 / (priority.share() * f64::from(weight));
        start
    }

    /// The tag before all others that wait.
    pub(super) fn first_tag(&self, kind: &Name) -> f64 {
        self.lines.get(kind).map_or(0.0, |line| line.now) - 1.0
    }

    /// Into the line, or beside it where the tenant is at its cap.
    pub(super) fn admit(&mut self, id: JobId) {
        let Some(entry) = self.jobs.get(&id) else { return };
        let (kind, tenant, priority) = (entry.job.kind.clone(), entry.job.tenant.clone(), entry.job.priority);
        if !self.has_room(&tenant) {
            let at = self.now - head_start(priority);
            return self.place(id, State::Parked, at);
        }
        *self.open.entry(tenant.clone()).or_default() += 1;
        let tag = self.next_tag(&kind, &tenant, priority);
        self.line_up(id, tag);
    }

    /// Lets the longest parked jobs of a tenant into the line, as far as its cap allows.
    pub(super) fn unpark(&mut self, tenant: &Name, most: u32) -> u64 {
        let mut moved = 0;
        while moved < u64::from(most) && self.has_room(tenant) {
            let first = self.parked.get(tenant).and_then(|parked| parked.first());
            let Some((_, id)) = first.copied() else {
                self.parked.remove(tenant);
                break;
            };
            self.lift(id);
            self.admit(id);
            moved += 1;
        }
        moved
    }

    /// A job of this tenant is no longer under way.
    pub(super) fn leave(&mut self, tenant: &Name) {
        step_down(&mut self.open, tenant);
        if self.cap(tenant).is_some() {
            self.unpark(tenant, 1);
        }
    }
}
