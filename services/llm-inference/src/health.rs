//! What the process says about each model: `grpc.health.v1` by the name `models/{model}`, and readiness.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engine::EngineError;
use runtime::Life;
use service::Health;

use crate::catalogue::Served;

/// What cannot finish within the grace is ended this long before, so that its callers get an error and not a broken
/// connection.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Follows one engine until the component drains, then drains the engine. A failed engine is an error, which ends the
/// process: nothing but a new one can help.
pub(crate) async fn follow(served: Arc<Served>, health: Health, life: Life) -> Result<(), EngineError> {
    let name = format!("models/{}", served.id());
    let readiness = life.readiness(name.clone());
    let mut state = served.engine().health();
    let mut draining = std::pin::pin!(life.draining());
    loop {
        let now = *state.borrow_and_update();
        let serving = now == engine::Health::Serving;
        health.set(&name, serving).await;
        if serving {
            readiness.ready();
        } else {
            readiness.not_ready(format!("{now:?}").to_lowercase());
        }
        if now == engine::Health::Failed {
            return Err(EngineError::Failed);
        }
        tokio::select! {
            changed = state.changed() => if changed.is_err() { return Ok(()) },
            () = &mut draining => break,
        }
    }
    health.set(&name, false).await;
    let now = Instant::now();
    let deadline = life.drain_deadline().map_or(now, tokio::time::Instant::into_std);
    served.engine().drain(deadline.checked_sub(LAST_WORDS).unwrap_or(now)).await;
    Ok(())
}
