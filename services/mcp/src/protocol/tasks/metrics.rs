//! What Prometheus sees of tasks.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use rmcp::model::TaskStatus;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct End {
    outcome: &'static str,
}

/// The figures of the tasks that run here.
#[derive(Clone, Default)]
pub(super) struct Metrics {
    running: Gauge,
    ended: Family<End, Counter>,
}

impl Metrics {
    /// Registers them.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Calls of tools that go on as tasks";
        registry.register("ondol_tool_tasks_running", help, metrics.running.clone());
        let help = "Tasks by how they have ended: completed, failed or cancelled";
        registry.register("ondol_tool_tasks", help, metrics.ended.clone());
        metrics
    }

    pub(super) fn begun(&self) {
        self.running.inc();
    }

    pub(super) fn ended(&self, status: TaskStatus) {
        let outcome = match status {
            TaskStatus::Completed => "completed",
            TaskStatus::Cancelled => "cancelled",
            _ => "failed",
        };
        self.running.dec();
        self.ended.get_or_create(&End { outcome }).inc();
    }
}
