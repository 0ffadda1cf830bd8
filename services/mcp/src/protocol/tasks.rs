//! Calls that go on without their callers.
//!
//! A task is a record in the object store, under its caller's own prefix, so that any replica tells how it stands; without a
//! store it is one in memory. The replica that runs it (`runner`) is the only one that writes its `record`, and does so
//! again and again: a record that has not been written for a while is that of a replica that is gone. What callers have to
//! say to a task lies beside it, in its `inbox`. A task's `name` says until when it can be looked at.

mod bounds;
mod inbox;
mod metrics;
mod name;
mod record;
mod runner;
mod shelf;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use rmcp::{
    ErrorData,
    model::{DetailedTask, InputResponses, Task},
};
use runtime::Life;
use tokio::{
    sync::{Notify, mpsc},
    time::{MissedTickBehavior, interval},
};
use tools::{Call, Caller, Dialogue, Output, Registry, Step, ToolsError};

pub(super) use self::{bounds::Bounds, shelf::Shelf};
use self::{inbox::Inbox, metrics::Metrics, name::TaskName, record::Record, runner::Runner};
use super::answer;

/// How often records of tasks that nobody can look at any more are removed.
const SWEEP_EVERY: Duration = Duration::from_mins(10);

/// A call that is going on.
pub(super) type Pending = BoxFuture<'static, Result<Output, ToolsError>>;

/// The tasks of all callers. Clones share them.
#[derive(Clone)]
pub(super) struct Tasks(Arc<Inner>);

struct Inner {
    shelf: Shelf,
    bounds: Bounds,
    life: Life,
    metrics: Metrics,
    /// The time, which tests keep themselves.
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Wakes those that run here.
    running: Mutex<HashMap<TaskName, Arc<Notify>>>,
    /// Held while a task is made, so that many at once do not all find room for one.
    making: tokio::sync::Mutex<()>,
}

/// A call that is to be a task.
pub(super) struct Work {
    /// The call itself.
    pub(super) pending: Pending,
    /// The same call with answers to what it has asked.
    pub(super) repeat: Repeat,
    /// Where it says how far it is.
    pub(super) progress: mpsc::Receiver<Step>,
    /// The most time that it has.
    pub(super) patience: Duration,
}

/// A call that can be made again.
pub(super) struct Repeat {
    pub(super) registry: Registry,
    pub(super) name: String,
    pub(super) call: Call,
}

impl Repeat {
    /// Makes it, with what was said by now.
    pub(super) fn again(&self, dialogue: Option<Dialogue>) -> Pending {
        let (registry, name) = (self.registry.clone(), self.name.clone());
        let mut call = self.call.clone();
        call.dialogue = dialogue.unwrap_or(call.dialogue);
        Box::pin(async move { registry.call(&name, call).await })
    }
}

/// Why a call did not become a task, and the call.
pub(super) struct Refused {
    pub(super) why: String,
    pub(super) work: Work,
}

impl Tasks {
    pub(super) fn new(shelf: Shelf, bounds: Bounds, life: Life) -> Self {
        Self::by_clock(shelf, bounds, life, Timestamp::now)
    }

    fn by_clock(
        shelf: Shelf,
        bounds: Bounds,
        life: Life,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let metrics = life.register(Metrics::register);
        let (running, making) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Inner { shelf, bounds, life, metrics, clock: Box::new(clock), running, making }))
    }

    /// Whether calls become tasks at all.
    pub(super) fn are_offered(&self) -> bool {
        self.0.bounds.count > 0
    }

    /// Makes a task of a call, which goes on. It can be looked at from then on.
    pub(super) async fn begin(&self, work: Work) -> Result<Task, Refused> {
        match self.record(&work.repeat, work.patience).await {
            Ok((name, record)) => {
                let task = record.task.task.clone();
                self.run(name, record, work);
                Ok(task)
            }
            Err(error) => Err(Refused { why: error.message.into_owned(), work }),
        }
    }

    async fn record(&self, repeat: &Repeat, patience: Duration) -> Result<(TaskName, Record), ErrorData> {
        let _making = self.0.making.lock().await;
        let owner = repeat.call.caller.digest();
        if self.0.life.is_stopping() {
            return Err(ErrorData::internal_error("the service is about to end", None));
        }
        self.make_room(&owner).await?;
        let now = self.now();
        let ttl = patience + self.0.bounds.keep;
        let name = TaskName::new(&owner, now, ttl);
        let record = Record::new(&name, &repeat.name, now, ttl);
        self.write(&name, &record).await?;
        Ok((name, record))
    }

    /// Removes what can be removed of a caller's tasks, and counts the rest.
    async fn make_room(&self, owner: &str) -> Result<(), ErrorData> {
        let (kept, bytes) = self.remove_old(&name::folder_of(owner)).await?;
        let bounds = &self.0.bounds;
        if kept >= bounds.count || bytes >= bounds.bytes {
            let why = format!(
                "this key has {kept} tasks with {bytes} bytes, and may have {} with {}: wait until some are too old \
                 to be looked at",
                bounds.count, bounds.bytes
            );
            return Err(ErrorData::invalid_request(why, None));
        }
        Ok(())
    }

    /// Removes tasks under this prefix that nobody can look at any more: how many are left, and their bytes.
    async fn remove_old(&self, prefix: &str) -> Result<(usize, u64), ErrorData> {
        let now = self.now();
        let (mut old, mut kept, mut bytes) = (Vec::new(), BTreeSet::new(), 0);
        for (key, size) in self.0.shelf.list(prefix).await.map_err(|error| answer::failed(&error))? {
            match TaskName::of_key(&key) {
                Some(name) if name.is_over(now) => old.push(key),
                Some(name) => {
                    bytes += size;
                    kept.insert(name);
                }
                // Not ours.
                None => {}
            }
        }
        self.0.shelf.delete(&old).await.map_err(|error| answer::failed(&error))?;
        Ok((kept.len(), bytes))
    }

    fn run(&self, name: TaskName, record: Record, work: Work) {
        let wake = Arc::new(Notify::new());
        self.running().insert(name.clone(), Arc::clone(&wake));
        self.0.metrics.begun();
        let runner = Runner::new(self.clone(), name, record, (work, wake));
        self.0.life.spawn("task", runner.run());
    }

    /// How a task stands.
    pub(super) async fn get(&self, caller: &Caller, id: &str) -> Result<DetailedTask, ErrorData> {
        let (name, record) = self.find(caller, id).await?;
        if record.is_over() {
            return Ok(record.task);
        }
        let inbox = self.inbox(&name).await?;
        Ok(record.seen(self.now(), &inbox))
    }

    /// Takes answers to what a task asks. What it does not ask is left out.
    pub(super) async fn answer(
        &self,
        caller: &Caller,
        id: &str,
        answers: InputResponses,
    ) -> Result<(), ErrorData> {
        let (name, record) = self.find(caller, id).await?;
        let answers: InputResponses =
            answers.into_iter().filter(|(question, _)| record.asks(question)).collect();
        if answers.is_empty() {
            return Ok(());
        }
        self.say(&name, move |inbox| inbox.answers.extend(answers.clone())).await
    }

    /// Asks a task to end. One that has ended stays as it is.
    pub(super) async fn cancel(&self, caller: &Caller, id: &str) -> Result<(), ErrorData> {
        let (name, record) = self.find(caller, id).await?;
        if record.is_over() {
            return Ok(());
        }
        self.say(&name, |inbox| inbox.cancelled = true).await
    }

    /// Says something to a task, wherever it runs.
    async fn say(&self, name: &TaskName, change: impl Fn(&mut Inbox)) -> Result<(), ErrorData> {
        inbox::change(&self.0.shelf, &name.inbox(), change).await?;
        if let Some(wake) = self.running().get(name) {
            wake.notify_one();
        }
        Ok(())
    }

    /// A caller's own task. That of another is one that is not there.
    async fn find(&self, caller: &Caller, id: &str) -> Result<(TaskName, Record), ErrorData> {
        let missing = || ErrorData::invalid_params("there is no such task, or none any more", None);
        let name = TaskName::read(&caller.digest(), id).filter(|name| !name.is_over(self.now()));
        let name = name.ok_or_else(missing)?;
        let read = self.0.shelf.read(&name.record()).await.map_err(|error| answer::failed(&error))?;
        let (bytes, _) = read.ok_or_else(missing)?;
        Ok((name, Record::read(&bytes)?))
    }

    async fn inbox(&self, name: &TaskName) -> Result<Inbox, ErrorData> {
        inbox::read(&self.0.shelf, &name.inbox()).await.map(|(inbox, _)| inbox)
    }

    async fn write(&self, name: &TaskName, record: &Record) -> Result<(), ErrorData> {
        let written = self.0.shelf.write(&name.record(), record.written()?).await;
        written.map_err(|error| answer::failed(&error))
    }

    /// Removes what nobody can look at any more, until the process drains.
    pub(super) async fn sweep(self) {
        let mut draining = std::pin::pin!(self.0.life.draining());
        let mut sweeps = interval(SWEEP_EVERY);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut draining => return,
                _ = sweeps.tick() => {}
            }
            if let Err(error) = self.remove_old(name::FOLDER).await {
                tracing::warn!("old tasks could not be removed: {}", error.message);
            }
        }
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    fn running(&self) -> MutexGuard<'_, HashMap<TaskName, Arc<Notify>>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
