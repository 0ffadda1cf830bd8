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
    task: JoinSet<bool>,
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

    /// Waits at most `limit` until the last lines have been sent; whether Loki has them.
    pub(super) fn end(mut self, limit: Duration) -> bool {
        self.ending.send_replace(true);
        let ended = self.runtime.block_on(async { timeout(limit, self.task.join_next()).await });
        matches!(ended, Ok(Some(Ok(true))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;
    use clap::Parser;
    use tokio::{net::TcpListener, task::spawn_blocking};

    use super::Pushing;
    use crate::{
        Arguments, Identity, TelemetryError,
        log::Line,
        loki::{Counts, tests::stand_in::StandIn},
    };

    const IDENTITY: Identity = Identity { service: "api", version: "1.2.3", commit: None };

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        telemetry: Arguments,
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_waits_when_the_process_ends_is_pushed() {
        let mut loki = StandIn::answering(|_| StatusCode::NO_CONTENT).await;
        let mut arguments = Cli::parse_from(["x"]).telemetry;
        assert!(Pushing::start(&arguments, IDENTITY, &Counts::default()).unwrap().is_none());
        arguments.loki_url = Some(loki.destination.clone());
        let (queue, pushing) = Pushing::start(&arguments, IDENTITY, &Counts::default()).unwrap().unwrap();
        queue.offer(&Line::sample("the last word"));
        // The guard is not for asynchronous code.
        assert!(spawn_blocking(move || pushing.end(Duration::from_secs(30))).await.unwrap());
        assert_eq!(loki.next().await.lines()[0]["message"], "the last word");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn last_words_that_nobody_took_are_told_of() {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut arguments = Cli::parse_from(["x"]).telemetry;
        arguments.loki_url = Some(format!("http://{}", nobody.local_addr().unwrap()).parse().unwrap());
        drop(nobody);
        let (queue, pushing) = Pushing::start(&arguments, IDENTITY, &Counts::default()).unwrap().unwrap();
        queue.offer(&Line::sample("the last word"));
        assert!(!spawn_blocking(move || pushing.end(Duration::from_secs(30))).await.unwrap());
    }

    #[test]
    fn pushing_needs_a_runtime() {
        let mut arguments = Cli::parse_from(["x"]).telemetry;
        arguments.loki_url = Some("http://loki:3100".parse().unwrap());
        let refused = Pushing::start(&arguments, IDENTITY, &Counts::default());
        assert!(matches!(refused.err(), Some(TelemetryError::NoRuntime)));
    }
}
