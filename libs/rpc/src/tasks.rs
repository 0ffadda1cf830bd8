//! The tasks that a server or an upstream owns.

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Counts tasks, and can end them all. Also what hyper runs its connections and streams on, so that these are
/// counted too.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    abort: CancellationToken,
}

impl Tasks {
    /// Runs a future until it ends or [`abort`](Self::abort) is called.
    pub(crate) fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let abort = self.abort.clone();
        // The handle is not needed: the tracker waits for the task, and the token ends it.
        drop(self.tracker.spawn(async move {
            abort.run_until_cancelled(task).await;
        }));
    }

    /// Drops every task at its next await.
    pub(crate) fn abort(&self) {
        self.abort.cancel();
    }

    /// Waits until no task is left. No more may be spawned from outside.
    pub(crate) async fn wait(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// How many tasks run.
    pub(crate) fn len(&self) -> usize {
        self.tracker.len()
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
