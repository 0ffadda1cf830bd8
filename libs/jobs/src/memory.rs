//! The queue in the memory of one process, with the semantics of the one in Redis.
//!
//! - `store` is what it remembers; `line` the ways into and out of the line, as `line.lua` is for the scripts.
//! - `work` are the worker's calls, `operations` those of callers and operators.
//!
//! It keeps nothing over the end of the process. Its clock is tokio's, so a test can pause it.

mod line;
mod operations;
mod store;
mod work;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt, ready};
use tokio::{
    sync::Notify,
    time::{Instant, timeout, timeout_at},
};

use self::store::Store;
use crate::{
    Answer, Beat, Cancellation, ClaimRequest, Claimed, Enqueued, Events, Filter, Finish, Job, JobId,
    JobsError, Limits, Name, NewJob, Page, Policies, Pulse, Queue, Reaped, Receipt, Schedule, Scope, Stats,
    Swept, TenantLimits, Ticket,
};

/// A queue in memory. A clone is the same queue.
#[derive(Clone)]
pub struct MemoryQueue(Arc<Inner>);

struct Inner {
    store: Mutex<Store>,
    policies: Policies,
    /// Rung at whatever may interest a waiting worker or watcher.
    bell: Notify,
}

impl MemoryQueue {
    /// An empty queue.
    pub fn new(policies: Policies) -> Self {
        Self(Arc::new(Inner { store: Mutex::new(Store::new()), policies, bell: Notify::new() }))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = self.0.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.look_at_the_clock();
        store
    }

    /// One step, after which whoever waits looks again.
    fn step<T: Send + 'static>(&self, step: impl FnOnce(&mut Store) -> T) -> BoxFuture<'static, T> {
        let answer = step(&mut self.store());
        self.0.bell.notify_waiters();
        ready(answer).boxed()
    }

    async fn wait_for_work(&self, kinds: &[Name], most: Duration) {
        // Nothing to hear of is as good as the time being over.
        let _over = timeout(most, self.work(kinds)).await;
    }

    async fn work(&self, kinds: &[Name]) {
        loop {
            // Registered before the look, so that nothing between the two is missed.
            let rung = self.0.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            if self.store().has_work(kinds) {
                return;
            }
            rung.await;
        }
    }

    async fn watch(&self, id: JobId, after: u64, most: Duration) -> Result<Events, JobsError> {
        let deadline = Instant::now() + most;
        loop {
            let rung = self.0.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            let found = self.store().events(id, after)?;
            if !found.events.is_empty() || found.is_end || timeout_at(deadline, rung).await.is_err() {
                return Ok(found);
            }
        }
    }
}

impl Queue for MemoryQueue {
    fn enqueue(&self, jobs: Vec<NewJob>) -> BoxFuture<'_, Vec<Result<Enqueued, JobsError>>> {
        self.step(|store| jobs.into_iter().map(|job| store.enqueue(job)).collect())
    }

    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claimed>> {
        self.step(|store| {
            request.check()?;
            Ok(store.claim(&request))
        })
    }

    fn beat(&self, beats: Vec<Beat>, lease: Duration) -> Answer<'_, Vec<Pulse>> {
        self.step(move |store| {
            beats.iter().try_for_each(Beat::check)?;
            Ok(beats.into_iter().map(|beat| store.beat(beat, lease)).collect())
        })
    }

    fn finish(&self, runs: Vec<Finish>) -> BoxFuture<'_, Vec<Result<Receipt, JobsError>>> {
        let policies = &self.0.policies;
        self.step(|store| {
            let end = |run: Finish| run.check().map(|()| store.finish(run, policies));
            runs.into_iter().map(end).collect()
        })
    }

    fn release(&self, tickets: Vec<Ticket>) -> Answer<'_, Vec<Receipt>> {
        self.step(|store| Ok(tickets.iter().map(|ticket| store.release(ticket)).collect()))
    }

    fn wait<'a>(&'a self, kinds: &'a [Name], most: Duration) -> BoxFuture<'a, ()> {
        self.wait_for_work(kinds, most).boxed()
    }

    fn reap(&self, most: u32) -> Answer<'_, Reaped> {
        self.step(|store| Ok(store.reap(most)))
    }

    fn promote(&self, most: u32) -> Answer<'_, u64> {
        self.step(|store| Ok(store.promote(most)))
    }

    fn sweep(&self, most: u32) -> Answer<'_, Swept> {
        self.step(|store| Ok(store.sweep(most)))
    }

    fn tick(&self) -> Answer<'_, Vec<JobId>> {
        self.step(Store::tick)
    }

    fn cancel(&self, id: JobId) -> Answer<'_, Cancellation> {
        self.step(|store| store.cancel(id))
    }

    fn requeue(&self, id: JobId) -> Answer<'_, ()> {
        self.step(|store| store.requeue(id))
    }

    fn delete(&self, id: JobId) -> Answer<'_, ()> {
        self.step(|store| store.delete(id))
    }

    fn get(&self, id: JobId) -> Answer<'_, Job> {
        self.step(|store| store.get(id))
    }

    fn list<'a>(&'a self, filter: &'a Filter, size: u32, token: Option<&'a str>) -> Answer<'a, Page> {
        self.step(|store| store.list(filter, size, token))
    }

    fn events(&self, id: JobId, after: u64, most: Duration) -> Answer<'_, Events> {
        self.watch(id, after, most).boxed()
    }

    fn set_paused(&self, scope: Scope, paused: bool) -> Answer<'_, ()> {
        self.step(|store| {
            store.set_paused(scope, paused);
            Ok(())
        })
    }

    fn set_limits<'a>(&'a self, limits: &'a Limits) -> Answer<'a, ()> {
        self.step(|store| store.set_limits(limits))
    }

    fn set_tenant<'a>(&'a self, tenant: &'a Name, limits: Option<TenantLimits>) -> Answer<'a, ()> {
        self.step(|store| store.set_tenant(tenant, limits))
    }

    fn put_schedule<'a>(&'a self, schedule: &'a Schedule) -> Answer<'a, ()> {
        self.step(|store| store.put_schedule(schedule))
    }

    fn delete_schedule<'a>(&'a self, name: &'a Name) -> Answer<'a, ()> {
        self.step(|store| store.delete_schedule(name))
    }

    fn schedules(&self) -> Answer<'_, Vec<Schedule>> {
        self.step(|store| Ok(store.schedules()))
    }

    fn stats(&self) -> Answer<'_, Stats> {
        self.step(|store| Ok(store.stats()))
    }
}
