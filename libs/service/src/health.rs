//! `grpc.health.v1`: what a load balancer asks.

use runtime::Life;
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

    /// Keeps `names` as ready as the component `life` is, until it drains.
    pub(crate) async fn follow(self, names: Vec<&'static str>, life: Life) {
        let mut changes = life.readiness_changes();
        loop {
            let ready = changes.next().await;
            for name in &names {
                self.set(name, ready).await;
            }
        }
    }
}
