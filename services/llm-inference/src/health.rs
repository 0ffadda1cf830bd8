//! What the process says about each model: `grpc.health.v1` by the name `models/{model}`, and readiness.

use std::sync::Arc;

use engine::EngineError;
use runtime::Life;
use service::Health;

use crate::catalogue::Served;

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
    let deadline = life.drain_deadline().unwrap_or_else(tokio::time::Instant::now);
    served.engine().drain(deadline.into_std()).await;
    Ok(())
}
