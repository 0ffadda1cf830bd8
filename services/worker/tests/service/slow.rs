//! A queue that is far away: it has given jobs before the worker hears of it.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use jobs::{
    Answer, Beat, Cancellation, ClaimRequest, Claimed, Enqueued, Events, Filter, Finish, Job, JobId,
    JobsError, Limits, MemoryQueue, Name, NewJob, Page, Pulse, Queue, Reaped, Receipt, Schedule, Scope,
    Stats, Swept, TenantLimits, Ticket,
};
use tokio::sync::{Notify, Semaphore};

/// Holds back the answers to claims that gave something.
pub(crate) struct Slow {
    queue: Arc<MemoryQueue>,
    /// Told of each answer that is held back.
    pub(crate) given: Notify,
    /// One permit lets one answer through.
    pub(crate) heard: Semaphore,
}

impl Slow {
    pub(crate) fn new(queue: Arc<MemoryQueue>) -> Arc<Self> {
        Arc::new(Self { queue, given: Notify::new(), heard: Semaphore::new(0) })
    }
}

/// Methods that the queue itself answers.
macro_rules! passed_on {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name<'a>(&'a self, $($argument: $kind),*) -> $answer { self.queue.$name($($argument),*) })*
    };
}

impl Queue for Slow {
    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claimed>> {
        Box::pin(async move {
            let claimed = self.queue.claim(request).await?;
            if !claimed.is_empty() {
                self.given.notify_one();
                self.heard.acquire().await.unwrap().forget();
            }
            Ok(claimed)
        })
    }

    passed_on! {
        enqueue(jobs: Vec<NewJob>) -> BoxFuture<'a, Vec<Result<Enqueued, JobsError>>>;
        beat(beats: Vec<Beat>, lease: Duration) -> Answer<'a, Vec<Pulse>>;
        finish(runs: Vec<Finish>) -> BoxFuture<'a, Vec<Result<Receipt, JobsError>>>;
        release(tickets: Vec<Ticket>) -> Answer<'a, Vec<Receipt>>;
        wait(kinds: &'a [Name], most: Duration) -> BoxFuture<'a, ()>;
        reap(most: u32) -> Answer<'a, Reaped>;
        promote(most: u32) -> Answer<'a, u64>;
        sweep(most: u32) -> Answer<'a, Swept>;
        tick() -> Answer<'a, Vec<JobId>>;
        cancel(id: JobId) -> Answer<'a, Cancellation>;
        requeue(id: JobId) -> Answer<'a, ()>;
        delete(id: JobId) -> Answer<'a, ()>;
        get(id: JobId) -> Answer<'a, Job>;
        list(filter: &'a Filter, size: u32, token: Option<&'a str>) -> Answer<'a, Page>;
        events(id: JobId, after: u64, most: Duration) -> Answer<'a, Events>;
        set_paused(scope: Scope, paused: bool) -> Answer<'a, ()>;
        set_limits(limits: &'a Limits) -> Answer<'a, ()>;
        set_tenant(tenant: &'a Name, limits: Option<TenantLimits>) -> Answer<'a, ()>;
        put_schedule(schedule: &'a Schedule) -> Answer<'a, ()>;
        delete_schedule(name: &'a Name) -> Answer<'a, ()>;
        schedules() -> Answer<'a, Vec<Schedule>>;
        stats() -> Answer<'a, Stats>;
    }
}
