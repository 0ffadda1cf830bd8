//! The port: what any queue promises.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{
    Beat, ClaimRequest, Claimed, Enqueued, Events, Filter, Finish, Job, JobId, JobsError, Limits, Name,
    NewJob, Page, Pulse, Receipt, Schedule, State, Stats, TenantLimits, Ticket,
};

/// What a call answers, later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, JobsError>>;

/// A durable queue of jobs.
///
/// Every method is one atomic step of the queue, and each may be called again after a lost reply without harm; only
/// [`Queue::claim`] repeats itself, and when that fails too, what it took comes back as its lease ends. All times
/// are the queue's own: no caller's clock counts. Lists are in the order of the request. A call with many items is
/// atomic for each item, not as a whole.
pub trait Queue: Send + Sync + 'static {
    /// Takes jobs in, each answered for itself.
    fn enqueue(&self, jobs: Vec<NewJob>) -> BoxFuture<'_, Vec<Result<Enqueued, JobsError>>>;

    /// Leases jobs that are ready, in the order of fairness, within every cap, and never waits.
    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claimed>>;

    /// Extends leases by `lease` from now, records progress, and says which jobs are to stop.
    fn beat(&self, beats: Vec<Beat>, lease: Duration) -> Answer<'_, Vec<Pulse>>;

    /// Ends runs, each answered for itself.
    fn finish(&self, runs: Vec<Finish>) -> BoxFuture<'_, Vec<Result<Receipt, JobsError>>>;

    /// Gives jobs back unfinished, to the head of the line and without an attempt spent.
    fn release(&self, tickets: Vec<Ticket>) -> Answer<'_, Vec<Receipt>>;

    /// Returns when one of these kinds may have work, and at the latest after `most`. Never a promise of work, and
    /// never an error: a worker claims after it either way.
    fn wait<'a>(&'a self, kinds: &'a [Name], most: Duration) -> BoxFuture<'a, ()>;

    /// Takes back up to `most` jobs whose lease has ended. Every worker calls it, each few seconds.
    fn reap(&self, most: u32) -> Answer<'_, Reaped>;

    /// Lets up to `most` delayed jobs into the line whose time has come, and parked ones whose tenant has room.
    fn promote(&self, most: u32) -> Answer<'_, u64>;

    /// Expires what waited too long, removes what ended long ago, and mends what should never be, up to `most` of each.
    fn sweep(&self, most: u32) -> Answer<'_, Swept>;

    /// Starts the jobs of every schedule that is due. However many call it, each tick starts one job.
    fn tick(&self) -> Answer<'_, Vec<JobId>>;

    /// Ends a waiting job at once; tells a running one at its next beat.
    fn cancel(&self, id: JobId) -> Answer<'_, Cancellation>;

    /// Puts a dead job in line again, as if it were new.
    fn requeue(&self, id: JobId) -> Answer<'_, ()>;

    /// Removes a job that has ended.
    fn delete(&self, id: JobId) -> Answer<'_, ()>;

    /// The job as it stands.
    fn get(&self, id: JobId) -> Answer<'_, Job>;

    /// Up to `size` (at most 1,000) jobs, newest first, from where `token` ends. A call looks at a bounded number of
    /// jobs, so a page may be short, even empty, and still have a next one.
    fn list<'a>(&'a self, filter: &'a Filter, size: u32, token: Option<&'a str>) -> Answer<'a, Page>;

    /// What happened to a job after the event `after` (0: from the start), waiting up to `most` for the first news.
    fn events(&self, id: JobId, after: u64, most: Duration) -> Answer<'_, Events>;

    /// Stops or restarts claims; enqueueing and what runs go on.
    fn set_paused(&self, scope: Scope, paused: bool) -> Answer<'_, ()>;

    /// Sets the bounds of the queue for everybody. A lower cap ends nothing that runs.
    fn set_limits<'a>(&'a self, limits: &'a Limits) -> Answer<'a, ()>;

    /// Sets one tenant's share and cap; `None` gives it the queue's own again.
    fn set_tenant<'a>(&'a self, tenant: &'a Name, limits: Option<TenantLimits>) -> Answer<'a, ()>;

    /// Adds a schedule or changes the one of that name; its next tick is counted from now.
    fn put_schedule<'a>(&'a self, schedule: &'a Schedule) -> Answer<'a, ()>;

    /// Removes a schedule; what it started goes on.
    fn delete_schedule<'a>(&'a self, name: &'a Name) -> Answer<'a, ()>;

    /// Every schedule.
    fn schedules(&self) -> Answer<'_, Vec<Schedule>>;

    /// How full the queue is.
    fn stats(&self) -> Answer<'_, Stats>;
}

/// What a pause covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole queue.
    Queue,
    /// Jobs of one kind.
    Kind(Name),
}

/// What came of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// The job waited and never runs.
    Cancelled,
    /// The job runs, and hears of it at its next beat.
    Requested,
    /// The job had ended before.
    Ended(State),
}

/// What a round of reaping found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Jobs in line again.
    pub recovered: u64,
    /// Jobs that took their worker with them once too often.
    pub dead: u64,
    /// Jobs that were to be cancelled anyway.
    pub cancelled: u64,
}

impl Reaped {
    /// All of them.
    pub fn total(self) -> u64 {
        self.recovered + self.dead + self.cancelled
    }
}

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Waiting jobs whose time was over.
    pub expired: u64,
    /// Ended jobs that were removed.
    pub removed: u64,
    /// Jobs that stood nowhere and were put back; anything but 0 is a fault worth an alert.
    pub mended: u64,
}
