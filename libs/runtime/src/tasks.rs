//! Tasks that belong to somebody: named, awaited at drain, and never failing unheard.

use std::{
    any::Any,
    borrow::Cow,
    collections::BTreeMap,
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::FutureExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::BoxError;

/// What a task may return: nothing, or a result whose error ends the process.
pub trait TaskOutput: Send + 'static {
    /// The output as a result.
    fn into_result(self) -> Result<(), BoxError>;
}

impl TaskOutput for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError> + Send + 'static> TaskOutput for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

/// The tasks of one component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    aborted: CancellationToken,
    names: Arc<Mutex<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    next: u64,
    running: BTreeMap<u64, Cow<'static, str>>,
}

impl Tasks {
    /// Runs `task` until it ends or is aborted; then `ended` hears how.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub(crate) fn spawn<F, C>(&self, name: Cow<'static, str>, task: F, ended: C)
    where
        F: Future<Output: TaskOutput> + Send + 'static,
        C: FnOnce(&str, Result<(), BoxError>) + Send + 'static,
    {
        let id = self.names().enter(name.clone());
        let tasks = self.clone();
        self.tracker.spawn(async move {
            let aborted = tasks.aborted.clone();
            let outcome = AssertUnwindSafe(aborted.run_until_cancelled(task)).catch_unwind().await;
            tasks.names().running.remove(&id);
            let result = match outcome {
                Ok(Some(output)) => output.into_result(),
                Ok(None) => Ok(()),
                Err(panic) => Err(panic_message(panic.as_ref())),
            };
            ended(&name, result);
        });
    }

    /// Waits until no task is left.
    pub(crate) async fn wait(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Drops every task at its next pause.
    pub(crate) fn abort(&self) {
        self.aborted.cancel();
    }

    /// The names of the tasks that have not ended, oldest first.
    pub(crate) fn running(&self) -> Vec<Cow<'static, str>> {
        self.names().running.values().cloned().collect()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    fn enter(&mut self, name: Cow<'static, str>) -> u64 {
        self.next += 1;
        self.running.insert(self.next, name);
        self.next
    }
}

/// A panic as an error; the panic hook has logged where it happened.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> BoxError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message")).into()
}
