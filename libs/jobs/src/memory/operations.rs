//! The calls of callers and operators: enqueue, look, change, list, bound, schedule, count.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::store::{Entry, Key, Millis, Store, Tag, Timeline, at};
use crate::{
    Cancellation, Enqueued, Events, Filter, Happening, Job, JobId, JobsError, Limits, Name, NewJob, Page,
    Schedule, Scope, State, Stats, TenantLimits,
    event::PART,
    limits::RETRY_AFTER,
    listing::{bad_token, check_size},
};

impl Store {
    pub(super) fn enqueue(&mut self, job: NewJob) -> Result<Enqueued, JobsError> {
        job.check()?;
        let id = JobId::new(job.unique, 0);
        if self.jobs.contains_key(&id) {
            return Ok(Enqueued { id, is_new: false });
        }
        if let Some(twin) = self.twin(&job)? {
            return Ok(Enqueued { id: twin, is_new: false });
        }
        self.check_room(&job.tenant)?;
        if let Some(idempotency) = &job.idempotency {
            let key = Key {
                id,
                fingerprint: idempotency.fingerprint.clone(),
                expires: self.in_time(self.limits.keys_kept),
            };
            self.keys.insert((job.tenant.clone(), idempotency.key.clone()), key);
        }
        let expires = job.expires_after.map(|time| self.in_time(time));
        if let Some(expires) = expires {
            self.expiring.insert((expires, id));
        }
        let delay = job.delay;
        let entry = self.entry(id, job, expires);
        self.remember(entry);
        if delay.is_zero() {
            self.admit(id);
        } else {
            self.place(id, State::Delayed, self.in_time(delay));
        }
        Ok(Enqueued { id, is_new: true })
    }

    pub(super) fn entry(&self, id: JobId, job: NewJob, expires: Option<Millis>) -> Entry {
        let visible = Job {
            id,
            kind: job.kind,
            tenant: job.tenant,
            priority: job.priority,
            state: State::Ready,
            attempts: 0,
            recoveries: 0,
            cancel_requested: false,
            created: at(self.now),
            began: None,
            ended: None,
            worker: None,
            progress: None,
            result: None,
            error: None,
            payload: None,
            headers: BTreeMap::new(),
            sequel: job.sequel,
            origin: None,
        };
        Entry {
            job: visible,
            fence: 0,
            tag: Tag::default(),
            at: self.now,
            due: self.now,
            expires,
            payload: Some(job.payload),
            headers: job.headers,
            sequence: 0,
            events: VecDeque::new(),
        }
    }

    /// The job that an idempotency key stands for.
    fn twin(&self, job: &NewJob) -> Result<Option<JobId>, JobsError> {
        let Some(idempotency) = &job.idempotency else { return Ok(None) };
        let key = self.keys.get(&(job.tenant.clone(), idempotency.key.clone()));
        // A job that was deleted frees its key.
        match key.filter(|key| key.expires > self.now && self.jobs.contains_key(&key.id)) {
            None => Ok(None),
            Some(key) if key.fingerprint == idempotency.fingerprint => Ok(Some(key.id)),
            Some(_) => Err(JobsError::KeyConflict { key: idempotency.key.clone() }),
        }
    }

    fn check_room(&self, tenant: &Name) -> Result<(), JobsError> {
        let full = |whose| Err(JobsError::QueueFull { whose, retry_after: RETRY_AFTER });
        let waiting: u64 = self.counts.values().map(|kind| kind.ready + kind.delayed).sum();
        if waiting >= self.limits.depth {
            return full("the queue");
        }
        let parked = self.parked.get(tenant).map_or(0, Timeline::len) as u64;
        let later = self.later.get(tenant).copied().unwrap_or_default();
        if self.limits.tenant_depth.is_some_and(|most| self.opened(tenant) + parked + later >= most) {
            return full("the tenant");
        }
        Ok(())
    }

    pub(super) fn tick(&mut self) -> Result<Vec<JobId>, JobsError> {
        let now = self.now;
        let due = self
            .schedules
            .values()
            .filter_map(|(schedule, next)| Some((schedule.clone(), next.filter(|next| *next <= now)?)));
        let mut started = Vec::new();
        for (schedule, first) in due.collect::<Vec<_>>() {
            let ticks = schedule.due(first, now)?;
            let mut is_full = false;
            for tick in ticks.due {
                match self.enqueue(schedule.job(tick)?) {
                    Ok(entered) => started.push(entered.id),
                    Err(_full) => is_full = true,
                }
            }
            // A full queue keeps the tick; the next call tries again.
            if let Some((_, next)) = self.schedules.get_mut(&schedule.name).filter(|_| !is_full) {
                *next = ticks.next;
            }
        }
        Ok(started)
    }

    pub(super) fn cancel(&mut self, id: JobId) -> Result<Cancellation, JobsError> {
        let entry = self.jobs.get_mut(&id).ok_or(JobsError::NotFound { id })?;
        let (state, tenant) = (entry.job.state, entry.job.tenant.clone());
        if state.is_end() {
            return Ok(Cancellation::Ended(state));
        }
        if state == State::Running {
            let again = std::mem::replace(&mut entry.job.cancel_requested, true);
            if !again {
                self.tell(id, Happening::CancelRequested);
            }
            return Ok(Cancellation::Requested);
        }
        self.lift(id);
        self.close(id, State::Cancelled);
        if state == State::Ready {
            self.leave(&tenant);
        }
        Ok(Cancellation::Cancelled)
    }

    pub(super) fn requeue(&mut self, id: JobId) -> Result<(), JobsError> {
        let now = self.now;
        let entry = self.jobs.get_mut(&id).ok_or(JobsError::NotFound { id })?;
        if entry.job.state != State::Dead {
            return Err(JobsError::WrongState { id, state: entry.job.state, action: "requeued" });
        }
        (entry.job.attempts, entry.job.recoveries) = (0, 0);
        (entry.job.cancel_requested, entry.job.ended, entry.expires, entry.due) = (false, None, None, now);
        self.lift(id);
        self.admit(id);
        self.tell_state(id);
        Ok(())
    }

    pub(super) fn delete(&mut self, id: JobId) -> Result<(), JobsError> {
        let state = self.jobs.get(&id).ok_or(JobsError::NotFound { id })?.job.state;
        if !state.is_end() {
            return Err(JobsError::WrongState { id, state, action: "deleted" });
        }
        self.lift(id);
        self.forget(id);
        Ok(())
    }

    pub(super) fn get(&self, id: JobId) -> Result<Job, JobsError> {
        let entry = self.jobs.get(&id).ok_or(JobsError::NotFound { id })?;
        let (payload, headers) = (entry.payload.clone(), entry.headers.clone());
        Ok(Job { payload, headers, ..entry.job.clone() })
    }

    /// A token is the birth and name of the last job of the page before.
    pub(super) fn list(&self, filter: &Filter, size: u32, token: Option<&str>) -> Result<Page, JobsError> {
        check_size(size)?;
        let none = Timeline::new();
        let born = match &filter.tenant {
            Some(tenant) => self.of_tenant.get(tenant).unwrap_or(&none),
            None => &self.all,
        };
        let older: Box<dyn Iterator<Item = &(Millis, JobId)>> = match token {
            None => Box::new(born.iter().rev()),
            Some(token) => {
                let (time, id) = token.split_once(' ').ok_or_else(bad_token)?;
                let time: Millis = time.parse().map_err(|_wrong| bad_token())?;
                let id: JobId = id.parse().map_err(|_wrong| bad_token())?;
                Box::new(born.range(..(time, id)).rev())
            }
        };
        let jobs = older.filter_map(|(_, id)| self.jobs.get(id)).filter(|entry| filter.takes(&entry.job));
        let jobs: Vec<_> = jobs.take(size as usize).map(|entry| entry.job.clone()).collect();
        let is_full = jobs.len() == size as usize;
        let last = jobs.last().filter(|_| is_full);
        let next = last.map(|job| format!("{} {}", job.created.as_millisecond(), job.id));
        Ok(Page { jobs, next })
    }

    pub(super) fn events(&mut self, id: JobId, after: u64) -> Result<Events, JobsError> {
        let entry = self.jobs.get(&id).ok_or(JobsError::NotFound { id })?;
        if entry.sequence == 0 {
            let state = entry.job.state;
            self.record(id, Happening::Entered(state));
        }
        let entry = self.jobs.get(&id).ok_or(JobsError::NotFound { id })?;
        let later = entry.events.iter().filter(|event| event.sequence > after);
        let events: Vec<_> = later.take(PART).cloned().collect();
        let first = events.first().map_or(entry.sequence + 1, |event| event.sequence);
        let is_last = events.last().is_none_or(|event| event.sequence == entry.sequence);
        Ok(Events {
            missed: first.saturating_sub(after.saturating_add(1)),
            is_end: entry.job.state.is_end() && is_last,
            events,
        })
    }

    pub(super) fn set_paused(&mut self, scope: Scope, paused: bool) {
        match scope {
            Scope::Queue => self.paused = paused,
            Scope::Kind(kind) if paused => {
                self.paused_kinds.insert(kind);
            }
            Scope::Kind(kind) => {
                self.paused_kinds.remove(&kind);
            }
        }
    }

    pub(super) fn set_limits(&mut self, limits: &Limits) -> Result<(), JobsError> {
        limits.check()?;
        self.limits = limits.clone();
        Ok(())
    }

    pub(super) fn set_tenant(
        &mut self,
        tenant: &Name,
        limits: Option<TenantLimits>,
    ) -> Result<(), JobsError> {
        limits.map_or(Ok(()), TenantLimits::check)?;
        match limits {
            Some(limits) => self.tenants.insert(tenant.clone(), limits),
            None => self.tenants.remove(tenant),
        };
        Ok(())
    }

    pub(super) fn put_schedule(&mut self, schedule: &Schedule) -> Result<(), JobsError> {
        schedule.check()?;
        let next = schedule.after(self.now)?;
        self.schedules.insert(schedule.name.clone(), (schedule.clone(), next));
        Ok(())
    }

    pub(super) fn delete_schedule(&mut self, name: &Name) -> Result<(), JobsError> {
        let gone = self.schedules.remove(name);
        gone.map(drop).ok_or_else(|| JobsError::NoSchedule { name: name.to_string() })
    }

    pub(super) fn schedules(&self) -> Vec<Schedule> {
        self.schedules.values().map(|(schedule, _)| schedule.clone()).collect()
    }

    pub(super) fn stats(&self) -> Stats {
        let mut kinds = self.counts.clone();
        for (kind, stats) in &mut kinds {
            stats.paused = self.paused_kinds.contains(kind);
            let first = self.lines.get(kind).and_then(|line| line.ready.first());
            let born =
                first.and_then(|(_, id)| self.jobs.get(id)).map(|entry| entry.job.created.as_millisecond());
            stats.oldest = Duration::from_millis(born.map_or(0, |born| (self.now - born).max(0) as u64));
        }
        Stats { kinds, paused: self.paused }
    }
}
