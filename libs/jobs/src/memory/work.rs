//! The worker's calls, and what every worker does now and then for all.

use std::time::Duration;

use super::store::{Millis, Store, at};
use crate::{
    Beat, ClaimRequest, Claimed, Finish, Happening, JobId, Name, Outcome, Policies, Pulse, Reaped, Receipt,
    State, Swept, Ticket, claim::cut,
};

impl Store {
    pub(super) fn claim(&mut self, request: &ClaimRequest) -> Vec<Claimed> {
        if self.paused {
            return Vec::new();
        }
        let running: u64 = self.counts.values().map(|kind| kind.running).sum();
        let global = self.limits.running.map_or(u64::MAX, |cap| cap.saturating_sub(running));
        let mut want = u64::from(request.most).min(global);
        let mut claimed = Vec::new();
        for (kind, room) in &request.kinds {
            if self.paused_kinds.contains(kind) {
                continue;
            }
            let running = self.counts.get(kind).map_or(0, |kind| kind.running);
            let cap = self.limits.kind_running.get(kind);
            let room =
                cap.map_or(u64::MAX, |cap| cap.saturating_sub(running)).min(u64::from(*room)).min(want);
            let before = claimed.len();
            while ((claimed.len() - before) as u64) < room
                && let Some(id) = self.pop(kind)
            {
                claimed.extend(self.take(id, request));
            }
            want -= (claimed.len() - before) as u64;
        }
        claimed
    }

    pub(super) fn has_work(&self, kinds: &[Name]) -> bool {
        let works = |kind| {
            !self.paused_kinds.contains(kind)
                && self.lines.get(kind).is_some_and(|line| !line.ready.is_empty())
                && self.limits.kind_running.get(kind).is_none_or(|cap| self.counts[kind].running < *cap)
        };
        !self.paused && kinds.iter().any(works)
    }

    /// The first in line, whose tag is the time from now on.
    fn pop(&mut self, kind: &Name) -> Option<JobId> {
        let line = self.lines.get_mut(kind)?;
        let (tag, id) = line.ready.first().copied()?;
        line.now = line.now.max(tag.0);
        Some(id)
    }

    /// The first in line runs, unless its time is over or its tenant's cap was lowered meanwhile.
    fn take(&mut self, id: JobId, request: &ClaimRequest) -> Option<Claimed> {
        self.lift(id);
        let entry = self.jobs.get(&id)?;
        let tenant = entry.job.tenant.clone();
        if entry.job.began.is_none() && entry.expires.is_some_and(|time| time <= self.now) {
            self.leave(&tenant);
            self.close(id, State::Expired);
            return None;
        }
        if self.cap(&tenant).is_some_and(|cap| self.opened(&tenant) > cap) {
            *self.open.entry(tenant).or_default() -= 1;
            self.admit(id);
            return None;
        }
        self.place(id, State::Running, self.in_time(request.lease));
        let began = at(self.now);
        let now = self.now;
        let entry = self.jobs.get_mut(&id)?;
        entry.fence += 1;
        entry.job.attempts += 1;
        entry.job.began = Some(began);
        entry.job.worker = Some(request.worker.to_string());
        let claimed = Claimed {
            ticket: Ticket {
                id,
                fence: entry.fence,
                kind: entry.job.kind.clone(),
                attempt: entry.job.attempts,
            },
            tenant,
            priority: entry.job.priority,
            recoveries: entry.job.recoveries,
            created: entry.job.created,
            waited: Duration::from_millis((now - entry.due).max(0) as u64),
            payload: entry.payload.clone()?,
            headers: entry.headers.clone(),
        };
        self.count(&claimed.ticket.kind).attempts += 1;
        self.tell_state(id);
        Some(claimed)
    }

    /// Whether a run still has its job.
    fn holds(&self, ticket: &Ticket) -> bool {
        let entry = self.jobs.get(&ticket.id);
        entry.is_some_and(|entry| entry.fence == ticket.fence && entry.job.state == State::Running)
    }

    fn refuse(&mut self, ticket: &Ticket) {
        if let Some(kind) = self.jobs.get(&ticket.id).map(|entry| entry.job.kind.clone()) {
            self.count(&kind).zombies += 1;
        }
    }

    pub(super) fn beat(&mut self, beat: Beat, lease: Duration) -> Pulse {
        let id = beat.ticket.id;
        if !self.holds(&beat.ticket) {
            self.refuse(&beat.ticket);
            return Pulse::Lost;
        }
        self.lift(id);
        self.place(id, State::Running, self.in_time(lease));
        if let Some(progress) = beat.progress {
            self.report(id, progress);
        }
        let cancelled = self.jobs.get(&id).is_some_and(|entry| entry.job.cancel_requested);
        if cancelled { Pulse::Cancel } else { Pulse::Alive }
    }

    fn report(&mut self, id: JobId, progress: Vec<u8>) {
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        entry.job.progress = Some(progress.clone());
        // Progress is an event also of a job that nobody watched so far; whoever watches later learns first that it runs.
        if entry.sequence == 0 {
            self.record(id, Happening::Entered(State::Running));
        }
        self.record(id, Happening::Progress(progress));
    }

    pub(super) fn finish(&mut self, run: Finish, policies: &Policies) -> Receipt {
        let Finish { ticket, outcome } = run;
        if !self.holds(&ticket) {
            if self.jobs.get(&ticket.id).is_some_and(|entry| entry.fence == ticket.fence) {
                return Receipt::Repeated;
            }
            self.refuse(&ticket);
            return Receipt::Rejected;
        }
        let pause = outcome.pause(policies.of(&ticket.kind), ticket.attempt);
        self.lift(ticket.id);
        let Some(entry) = self.jobs.get_mut(&ticket.id) else { return Receipt::Rejected };
        let (tenant, cancelled) = (entry.job.tenant.clone(), entry.job.cancel_requested);
        let end = match outcome {
            Outcome::Done { result } => {
                entry.job.result = Some(result);
                State::Done
            }
            Outcome::Cancelled => {
                entry.job.error = Some("cancelled".to_owned());
                State::Cancelled
            }
            Outcome::Failed { error, .. } | Outcome::Postponed { error, .. } => {
                entry.job.error = Some(cut(&error).to_owned());
                // Nobody wants another attempt of what was cancelled.
                match pause {
                    Some(_) if cancelled => State::Cancelled,
                    Some(_) => State::Delayed,
                    None => State::Dead,
                }
            }
        };
        if end == State::Delayed {
            self.delay(ticket.id, self.in_time(pause.unwrap_or_default()));
        } else {
            self.close(ticket.id, end);
        }
        self.leave(&tenant);
        Receipt::Accepted
    }

    fn delay(&mut self, id: JobId, due: Millis) {
        self.place(id, State::Delayed, due);
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.due = due;
        }
        self.tell_state(id);
    }

    pub(super) fn release(&mut self, ticket: &Ticket) -> Receipt {
        if !self.holds(ticket) {
            return Receipt::Rejected;
        }
        self.take_back(ticket.id);
        Receipt::Accepted
    }

    /// A running job is nobody's again: to the head of the line, or to its end if it was to be cancelled.
    fn take_back(&mut self, id: JobId) {
        self.lift(id);
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        // The fence moves on, so that whatever the worker still says is refused; the attempt is not spent.
        entry.fence += 1;
        entry.job.attempts -= 1;
        let (kind, tenant) = (entry.job.kind.clone(), entry.job.tenant.clone());
        if entry.job.cancel_requested {
            self.close(id, State::Cancelled);
            self.leave(&tenant);
        } else {
            self.line_up(id, self.first_tag(&kind));
            self.tell_state(id);
        }
    }

    pub(super) fn reap(&mut self, most: u32) -> Reaped {
        let mut reaped = Reaped::default();
        for id in Self::due(&self.leases, self.now, most) {
            let limit = self.limits.recoveries;
            let Some(entry) = self.jobs.get_mut(&id) else { continue };
            entry.job.recoveries += 1;
            let (kind, tenant) = (entry.job.kind.clone(), entry.job.tenant.clone());
            let cancelled = entry.job.cancel_requested;
            if entry.job.recoveries >= limit && !cancelled {
                reaped.dead += 1;
                entry.fence += 1;
                entry.job.attempts -= 1;
                entry.job.error = Some(format!("the worker went away {} times", entry.job.recoveries));
                self.lift(id);
                self.close(id, State::Dead);
                self.leave(&tenant);
            } else {
                reaped.cancelled += u64::from(cancelled);
                reaped.recovered += u64::from(!cancelled);
                self.take_back(id);
            }
            self.count(&kind).recoveries += 1;
        }
        reaped
    }

    pub(super) fn promote(&mut self, most: u32) -> u64 {
        let due = Self::due(&self.delayed, self.now, most);
        let mut moved = due.len() as u64;
        for id in due {
            self.lift(id);
            self.admit(id);
            let now = self.now;
            if let Some(entry) = self.jobs.get_mut(&id) {
                entry.due = now;
            }
            self.tell_state(id);
        }
        let tenants: Vec<_> = self.parked.keys().cloned().collect();
        for tenant in tenants {
            moved += self.unpark(&tenant, most);
        }
        moved
    }

    /// Ends a job that waited too long, unless it has run: then it is in the handler's hands, also while it waits again.
    fn expire(&mut self, id: JobId) -> bool {
        let waits = |state| matches!(state, State::Ready | State::Parked | State::Delayed);
        let entry = self.jobs.get(&id).filter(|entry| entry.job.began.is_none() && waits(entry.job.state));
        let Some(entry) = entry else { return false };
        let (state, tenant) = (entry.job.state, entry.job.tenant.clone());
        self.lift(id);
        self.close(id, State::Expired);
        if state == State::Ready {
            self.leave(&tenant);
        }
        true
    }

    pub(super) fn sweep(&mut self, most: u32) -> Swept {
        let mut swept = Swept::default();
        let due: Vec<_> = self.expiring.iter().take_while(|(time, _)| *time <= self.now).copied().collect();
        for (time, id) in due.into_iter().take(most as usize) {
            self.expiring.remove(&(time, id));
            swept.expired += u64::from(self.expire(id));
        }
        let done = Self::due(&self.done, self.now - self.limits.done_kept.as_millis() as Millis, most);
        let dead = Self::due(&self.dead, self.now - self.limits.dead_kept.as_millis() as Millis, most);
        for id in done.into_iter().chain(dead) {
            self.lift(id);
            self.forget(id);
            swept.removed += 1;
        }
        let now = self.now;
        self.keys.retain(|_, key| key.expires > now);
        for line in self.lines.values_mut() {
            line.tags.retain(|_, tag| *tag >= line.now);
        }
        swept
    }
}
