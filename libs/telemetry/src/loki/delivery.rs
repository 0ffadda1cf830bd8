//! One batch, from here to Loki.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{callsite::rebuild_interest_cache, instrument::WithSubscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use super::{destination::Stream, entry::Entry, watcher::Watcher};

/// Lines in a batch. `tracing-loki` has room for 512, and needs one place to be told to end.
pub(super) const MOST: usize = 500;
/// How long Loki may take for a batch; `tracing-loki` would wait for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has `tracing-loki` deliver a batch; the problem, where that failed. Loki may have the lines then all the same.
pub(super) async fn deliver(stream: &Stream, batch: &[Entry]) -> Result<(), String> {
    let delivered = attempt(stream, batch).await;
    // The library has put subscribers in the way of the process's own: what each place in the code has remembered of
    // its filter is asked for again, now that they are gone.
    rebuild_interest_cache();
    delivered
}

async fn attempt(stream: &Stream, batch: &[Entry]) -> Result<(), String> {
    let built = stream.builder.clone().build_controller_url(stream.url.clone());
    let (layer, controller, task) = built.map_err(|problem| problem.to_string())?;
    // Not the process's subscriber, nor one that any code but this ever sees.
    let lines = Registry::default().with(layer);
    for entry in batch {
        entry.show(&lines);
    }
    // The batch is all of it, and the task ends once it is sent, or has failed once. Until then `lines` has to live:
    // without a sender the task would look for the next line for ever.
    controller.shutdown().await;
    let watcher = Watcher::default();
    let ended = timeout(PATIENCE, task.with_subscriber(watcher.clone())).await;
    drop(lines);
    if ended.is_err() {
        return Err(format!("no answer within {} s", PATIENCE.as_secs()));
    }
    watcher.failure().map_or(Ok(()), Err)
}
