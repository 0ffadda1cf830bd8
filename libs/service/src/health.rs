//! `grpc.health.v1`: what a load balancer asks.

use futures::future::join_all;
use runtime::{Life, ReadinessChanges};
use tokio::sync::watch;
use tonic_health::{ServingStatus, server::HealthReporter};

/// Says by name what serves and what does not. Clones speak for the same server.
#[derive(Clone, Debug)]
pub struct Health {
    reporter: HealthReporter,
}

impl Health {
    pub(crate) fn new(reporter: HealthReporter) -> Self {
        Self { reporter }
    }

    /// From now on the thing called `name` serves, or does not. The empty name is the whole server.
    pub async fn set(&self, name: &str, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.reporter.set_service_status(name, status).await;
    }

    /// Keeps each of `names` as ready as the component `life` is while its condition holds, else not ready. Never
    /// ends.
    pub(crate) async fn follow(self, names: Vec<(&'static str, watch::Receiver<bool>)>, life: Life) {
        let all = names.into_iter();
        join_all(all.map(|(name, condition)| self.follow_one(name, life.readiness_changes(), condition)))
            .await;
    }

    async fn follow_one(
        &self,
        name: &str,
        mut changes: ReadinessChanges,
        mut condition: watch::Receiver<bool>,
    ) {
        let mut ready = changes.next().await;
        loop {
            let holds = *condition.borrow_and_update();
            self.set(name, ready && holds).await;
            tokio::select! {
                changed = changes.next() => ready = changed,
                // A condition that nobody changes any more stays as it is.
                Ok(()) = condition.changed() => {}
            }
        }
    }
}
