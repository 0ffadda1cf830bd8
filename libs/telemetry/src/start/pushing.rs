//! The task that pushes log lines, from the process's start to its end.

use std::time::Duration;

use tokio::{runtime::Handle, sync::watch, task::JoinSet, time::timeout};

use crate::{
    Arguments, Identity, TelemetryError,
    loki::{Counts, Pace, Pump, Queue, Stream, queue},
};

/// Owns the task, and ends it.
#[derive(Debug)]
pub(super) struct Pushing {
    task: JoinSet<()>,
    runtime: Handle,
    ending: watch::Sender<bool>,
}

impl Pushing {
    /// Starts it where there is a Loki in the arguments; what comes out of the queue goes there.
    pub(super) fn start(
        arguments: &Arguments,
        identity: Identity,
        counts: &Counts,
    ) -> Result<Option<(Queue, Self)>, TelemetryError> {
        let Some(destination) = &arguments.loki_url else { return Ok(None) };
        let runtime = Handle::try_current().map_err(|_| TelemetryError::NoRuntime)?;
        let stream = Stream::new(destination, arguments.loki_tenant.as_deref(), identity.service)?;
        let (queue, outlet) = queue(counts.clone());
        let (ending, told) = watch::channel(false);
        let pump = Pump { stream, outlet, counts: counts.clone(), pace: Pace::default(), ending: told };
        let mut task = JoinSet::new();
        task.spawn_on(pump.run(), &runtime);
        Ok(Some((queue, Self { task, runtime, ending })))
    }

    /// Waits at most `limit` until the last lines are gone; whether they are.
    pub(super) fn end(mut self, limit: Duration) -> bool {
        self.ending.send_replace(true);
        let ended = async { timeout(limit, self.task.join_next()).await.is_ok() };
        self.runtime.block_on(ended)
    }
}
