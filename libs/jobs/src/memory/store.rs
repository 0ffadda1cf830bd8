//! What a queue in memory remembers.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    Event, Happening, Job, JobId, KindStats, Limits, Name, NewJob, Origin, Payload, Priority, Schedule,
    Sequel, State, TenantLimits,
};

/// Milliseconds since 1970.
pub(super) type Millis = i64;

/// Jobs in the order of a time.
pub(super) type Timeline = BTreeSet<(Millis, JobId)>;

/// The whole queue. Field by field it is what `scripts/line.lua` lists as keys.
pub(super) struct Store {
    clock: (Instant, Millis),
    pub(super) now: Millis,
    pub(super) jobs: HashMap<JobId, Entry>,
    pub(super) lines: HashMap<Name, Line>,
    pub(super) parked: HashMap<Name, Timeline>,
    /// Jobs of a tenant in line or running.
    pub(super) open: HashMap<Name, u64>,
    /// Delayed jobs of a tenant.
    pub(super) later: HashMap<Name, u64>,
    pub(super) delayed: Timeline,
    pub(super) leases: Timeline,
    pub(super) expiring: Timeline,
    pub(super) done: Timeline,
    pub(super) dead: Timeline,
    pub(super) all: Timeline,
    pub(super) of_tenant: HashMap<Name, Timeline>,
    pub(super) keys: HashMap<(Name, String), Key>,
    pub(super) limits: Limits,
    pub(super) tenants: HashMap<Name, TenantLimits>,
    pub(super) paused: bool,
    pub(super) paused_kinds: HashSet<Name>,
    pub(super) counts: BTreeMap<Name, KindStats>,
    pub(super) schedules: BTreeMap<Name, (Schedule, Option<Millis>)>,
}

/// One job and what only the queue knows of it.
pub(super) struct Entry {
    pub(super) job: Job,
    pub(super) fence: u64,
    /// Where it stands: its tag in the line, or its time in the timeline of its state.
    pub(super) tag: Tag,
    pub(super) at: Millis,
    /// Since when it could have run.
    pub(super) due: Millis,
    pub(super) expires: Option<Millis>,
    pub(super) payload: Option<Payload>,
    pub(super) headers: BTreeMap<String, String>,
    /// The number of the last event; 0 while nobody asked for any.
    pub(super) sequence: u64,
    pub(super) events: VecDeque<Event>,
}

/// The jobs of a kind that are ready, and the tags of its flows.
#[derive(Default)]
pub(super) struct Line {
    pub(super) ready: BTreeSet<(Tag, JobId)>,
    pub(super) now: f64,
    pub(super) tags: HashMap<(Name, Priority), f64>,
}

/// A point of virtual time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tag(pub(super) f64);

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Tag {}

impl PartialOrd for Tag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// An idempotency key in use.
pub(super) struct Key {
    pub(super) id: JobId,
    pub(super) fingerprint: Vec<u8>,
    pub(super) expires: Millis,
}

/// A time as callers see it.
pub(super) fn at(time: Millis) -> Timestamp {
    Timestamp::from_millisecond(time).unwrap_or(Timestamp::MAX)
}

/// One job less of a tenant, who is forgotten with the last.
pub(super) fn step_down(jobs: &mut HashMap<Name, u64>, tenant: &Name) {
    if let Some(count) = jobs.get_mut(tenant) {
        *count -= 1;
        if *count == 0 {
            jobs.remove(tenant);
        }
    }
}

impl Store {
    pub(super) fn new() -> Self {
        let clock = (Instant::now(), Timestamp::now().as_millisecond());
        Self {
            clock,
            now: clock.1,
            jobs: HashMap::new(),
            lines: HashMap::new(),
            parked: HashMap::new(),
            open: HashMap::new(),
            later: HashMap::new(),
            delayed: Timeline::new(),
            leases: Timeline::new(),
            expiring: Timeline::new(),
            done: Timeline::new(),
            dead: Timeline::new(),
            all: Timeline::new(),
            of_tenant: HashMap::new(),
            keys: HashMap::new(),
            limits: Limits::default(),
            tenants: HashMap::new(),
            paused: false,
            paused_kinds: HashSet::new(),
            counts: BTreeMap::new(),
            schedules: BTreeMap::new(),
        }
    }

    pub(super) fn look_at_the_clock(&mut self) {
        self.now = self.clock.1 + self.clock.0.elapsed().as_millis() as Millis;
    }

    pub(super) fn in_time(&self, time: Duration) -> Millis {
        self.now + time.as_millis() as Millis
    }

    pub(super) fn count(&mut self, kind: &Name) -> &mut KindStats {
        self.counts.entry(kind.clone()).or_default()
    }

    /// The jobs of a timeline up to now, a number of them at most.
    pub(super) fn due(timeline: &Timeline, until: Millis, most: u32) -> Vec<JobId> {
        let due = timeline.iter().take_while(|(time, _)| *time <= until);
        due.map(|(_, id)| *id).take(most as usize).collect()
    }

    /// The timeline of a state, for those that have one.
    fn timeline(&mut self, state: State, tenant: &Name) -> Option<&mut Timeline> {
        match state {
            State::Ready => None,
            State::Parked => Some(self.parked.entry(tenant.clone()).or_default()),
            State::Delayed => Some(&mut self.delayed),
            State::Running => Some(&mut self.leases),
            State::Dead => Some(&mut self.dead),
            State::Done | State::Cancelled | State::Expired => Some(&mut self.done),
        }
    }

    fn counted(counts: &mut KindStats, state: State) -> Option<&mut u64> {
        match state {
            State::Ready | State::Parked => Some(&mut counts.ready),
            State::Delayed => Some(&mut counts.delayed),
            State::Running => Some(&mut counts.running),
            State::Dead => Some(&mut counts.dead),
            State::Done | State::Cancelled | State::Expired => None,
        }
    }

    /// Takes a job out of where it stands. The caller has to place it again.
    pub(super) fn lift(&mut self, id: JobId) {
        let Some(entry) = self.jobs.get(&id) else { return };
        let (state, kind, tenant) = (entry.job.state, entry.job.kind.clone(), entry.job.tenant.clone());
        let (tag, at) = (entry.tag, entry.at);
        match self.timeline(state, &tenant) {
            Some(timeline) => {
                timeline.remove(&(at, id));
            }
            None => {
                self.lines.entry(kind.clone()).or_default().ready.remove(&(tag, id));
            }
        }
        if let Some(count) = Self::counted(self.count(&kind), state) {
            *count -= 1;
        }
        if state == State::Delayed {
            step_down(&mut self.later, &tenant);
        }
    }

    /// Stands a lifted or new job in the timeline of a state.
    pub(super) fn place(&mut self, id: JobId, state: State, at: Millis) {
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        (entry.job.state, entry.at) = (state, at);
        let (kind, tenant) = (entry.job.kind.clone(), entry.job.tenant.clone());
        if let Some(timeline) = self.timeline(state, &tenant) {
            timeline.insert((at, id));
        }
        if let Some(count) = Self::counted(self.count(&kind), state) {
            *count += 1;
        }
        if state == State::Delayed {
            *self.later.entry(tenant).or_default() += 1;
        }
    }

    /// Stands a lifted or new job in line.
    pub(super) fn line_up(&mut self, id: JobId, tag: f64) {
        let now = self.now;
        self.place(id, State::Ready, now);
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        entry.tag = Tag(tag);
        self.lines.entry(entry.job.kind.clone()).or_default().ready.insert((Tag(tag), id));
    }

    /// Adds an event to a job that somebody watches.
    pub(super) fn tell(&mut self, id: JobId, happening: Happening) {
        if self.jobs.get(&id).is_some_and(|entry| entry.sequence > 0) {
            self.record(id, happening);
        }
    }

    pub(super) fn record(&mut self, id: JobId, happening: Happening) {
        let (now, kept) = (at(self.now), self.limits.events_kept as usize);
        let Some(entry) = self.jobs.get_mut(&id) else { return };
        entry.sequence += 1;
        entry.events.push_back(Event { sequence: entry.sequence, at: now, happening });
        while entry.events.len() > kept {
            entry.events.pop_front();
        }
    }

    pub(super) fn tell_state(&mut self, id: JobId) {
        if let Some(state) = self.jobs.get(&id).map(|entry| entry.job.state) {
            self.tell(id, Happening::Entered(state));
        }
    }

    /// A lifted job is at its end.
    pub(super) fn close(&mut self, id: JobId, state: State) {
        let now = self.now;
        self.place(id, state, now);
        let ended = at(now);
        if let Some(entry) = self.jobs.get_mut(&id) {
            entry.job.ended = Some(ended);
            if state != State::Dead {
                entry.payload = None;
                entry.headers.clear();
            }
        }
        self.tell_state(id);
        self.follow(id, state);
    }

    /// Takes in a job that stands nowhere yet.
    pub(super) fn remember(&mut self, entry: Entry) {
        let (id, born) = (entry.job.id, (self.now, entry.job.id));
        self.all.insert(born);
        self.of_tenant.entry(entry.job.tenant.clone()).or_default().insert(born);
        self.jobs.insert(id, entry);
    }

    /// Enqueues what follows the end of a job.
    fn follow(&mut self, id: JobId, state: State) {
        let Some(ended) = self.jobs.get(&id) else { return };
        let Some(Sequel { kind, payload, headers }) = ended.job.sequel.clone() else { return };
        let mut job = NewJob::new(kind, ended.job.tenant.clone(), Payload::Inline(payload));
        job.headers = headers;
        let next = JobId::new(job.unique, 0);
        let mut entry = self.entry(next, job, None);
        entry.job.origin = Some(Origin { id, state, ended: at(self.now) });
        self.remember(entry);
        self.admit(next);
    }

    /// Forgets a lifted job.
    pub(super) fn forget(&mut self, id: JobId) {
        let Some(entry) = self.jobs.remove(&id) else { return };
        let born = (entry.job.created.as_millisecond(), id);
        self.all.remove(&born);
        if let Some(timeline) = self.of_tenant.get_mut(&entry.job.tenant) {
            timeline.remove(&born);
            if timeline.is_empty() {
                self.of_tenant.remove(&entry.job.tenant);
            }
        }
    }
}
