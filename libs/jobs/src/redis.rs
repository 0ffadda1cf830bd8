//! The queue in Redis (7 or newer) or Valkey: Lua scripts behind a pool of connections.
//!
//! - [`RedisOptions`] say where it is, [`RedisArguments`] are the command line for it.
//! - `server` runs one script, or says why it could not; `connect` makes the connections.
//! - `batches` turns single calls that meet into one script call; `bell` is how an idle worker hears of work.
//! - `scripts/*.lua` are the queue itself; `scripts/line.lua` stands before each and lists the keys.
//!
//! A job lives in the shard of its tenant. All keys of a shard have one hash tag, so in a cluster they share a slot.

mod batches;
mod bell;
mod connect;
mod operations;
mod options;
mod refusal;
mod reply;
mod script;
mod server;
mod settings;
mod watch;
mod work;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::{BoxFuture, FutureExt};

pub use self::options::{RedisArguments, RedisOptions, Topology};
use self::{batches::Batches, bell::Bell, server::Server};
use crate::{
    Answer, Beat, Cancellation, ClaimRequest, Claimed, Enqueued, Events, Filter, Finish, Job, JobId,
    JobsError, Limits, Name, NewJob, Page, Policies, Queue, Reaped, Receipt, Schedule, Scope, Stats, Swept,
    TenantLimits, Ticket,
};

/// A queue in Redis. A clone shares connections and batches.
#[derive(Clone)]
pub struct RedisQueue(Arc<Inner>);

struct Inner {
    server: Arc<Server>,
    policies: Policies,
    batches: Batches,
    bell: Bell,
    /// Where the next claim starts, so that no shard is always the last.
    turn: AtomicUsize,
}

impl RedisQueue {
    /// A queue at Redis, which is not reached before the first call.
    pub fn new(options: RedisOptions, policies: Policies) -> Result<Self, JobsError> {
        options.check()?;
        let bell = Bell::new(&options)?;
        let server = Arc::new(Server::new(options)?);
        let batches = Batches::new(Arc::clone(&server), policies.clone());
        Ok(Self(Arc::new(Inner { server, policies, batches, bell, turn: AtomicUsize::new(0) })))
    }

    /// The same queue over connections of its own, which nobody else's traffic can hold up: what a heart wants.
    pub fn apart(&self) -> Result<Self, JobsError> {
        Self::new(self.0.server.options().clone(), self.0.policies.clone())
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), JobsError> {
        self.0.server.ping().await
    }

    fn server(&self) -> &Server {
        &self.0.server
    }

    /// Every shard once, each time from another start.
    fn shards(&self) -> impl Iterator<Item = u8> + use<> {
        let count = usize::from(self.0.server.shards());
        let start = self.0.turn.fetch_add(1, Ordering::Relaxed);
        (0..count).map(move |offset| ((start + offset) % count) as u8)
    }
}

impl Queue for RedisQueue {
    fn enqueue(&self, jobs: Vec<NewJob>) -> BoxFuture<'_, Vec<Result<Enqueued, JobsError>>> {
        self.0.batches.enqueue(jobs).boxed()
    }

    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claimed>> {
        self.claim_any(request).boxed()
    }

    fn beat(&self, beats: Vec<Beat>, lease: Duration) -> Answer<'_, Vec<crate::Pulse>> {
        self.beat_all(beats, lease).boxed()
    }

    fn finish(&self, runs: Vec<Finish>) -> BoxFuture<'_, Vec<Result<Receipt, JobsError>>> {
        self.0.batches.finish(runs).boxed()
    }

    fn release(&self, tickets: Vec<Ticket>) -> Answer<'_, Vec<Receipt>> {
        self.release_all(tickets).boxed()
    }

    fn wait<'a>(&'a self, kinds: &'a [Name], most: Duration) -> BoxFuture<'a, ()> {
        self.0.bell.wait(kinds, most).boxed()
    }

    fn reap(&self, most: u32) -> Answer<'_, Reaped> {
        self.reap_shards(most).boxed()
    }

    fn promote(&self, most: u32) -> Answer<'_, u64> {
        self.promote_shards(most).boxed()
    }

    fn sweep(&self, most: u32) -> Answer<'_, Swept> {
        self.sweep_shards(most).boxed()
    }

    fn tick(&self) -> Answer<'_, Vec<JobId>> {
        self.tick_shards().boxed()
    }

    fn cancel(&self, id: JobId) -> Answer<'_, Cancellation> {
        self.cancel_job(id).boxed()
    }

    fn requeue(&self, id: JobId) -> Answer<'_, ()> {
        self.change_ended(id, "requeue", "requeued").boxed()
    }

    fn delete(&self, id: JobId) -> Answer<'_, ()> {
        self.change_ended(id, "delete", "deleted").boxed()
    }

    fn get(&self, id: JobId) -> Answer<'_, Job> {
        self.read_job(id).boxed()
    }

    fn list<'a>(&'a self, filter: &'a Filter, size: u32, token: Option<&'a str>) -> Answer<'a, Page> {
        self.list_page(filter, size, token).boxed()
    }

    fn events(&self, id: JobId, after: u64, most: Duration) -> Answer<'_, Events> {
        self.watch_job(id, after, most).boxed()
    }

    fn set_paused(&self, scope: Scope, paused: bool) -> Answer<'_, ()> {
        self.configure_pause(scope, paused).boxed()
    }

    fn set_limits<'a>(&'a self, limits: &'a Limits) -> Answer<'a, ()> {
        self.configure_limits(limits).boxed()
    }

    fn set_tenant<'a>(&'a self, tenant: &'a Name, limits: Option<TenantLimits>) -> Answer<'a, ()> {
        self.configure_tenant(tenant, limits).boxed()
    }

    fn put_schedule<'a>(&'a self, schedule: &'a Schedule) -> Answer<'a, ()> {
        self.write_schedule(schedule).boxed()
    }

    fn delete_schedule<'a>(&'a self, name: &'a Name) -> Answer<'a, ()> {
        self.remove_schedule(name).boxed()
    }

    fn schedules(&self) -> Answer<'_, Vec<Schedule>> {
        self.read_schedules().boxed()
    }

    fn stats(&self) -> Answer<'_, Stats> {
        self.read_stats().boxed()
    }
}
