//! What Prometheus sees of a queue.

use std::{sync::atomic::Ordering, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter, exemplar::HistogramWithExemplars, family::Family, gauge::Gauge,
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};
use tokio::time::Instant;

use crate::{KindStats, Name, Stats};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: String,
}

/// The label of an exemplar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TraceLabel {
    trace_id: String,
}

/// A histogram whose buckets remember the trace of a recent run.
type Traced = HistogramWithExemplars<TraceLabel>;

/// A queue's figures. Those of the whole queue are the same from every process, so let one of them, or the maximum,
/// speak for all; the latencies are this process's own.
#[derive(Clone)]
pub struct Metrics {
    ready: Family<OfKind, Gauge>,
    running: Family<OfKind, Gauge>,
    delayed: Family<OfKind, Gauge>,
    dead: Family<OfKind, Gauge>,
    oldest: Family<OfKind, Gauge>,
    paused: Family<OfKind, Gauge>,
    attempts: Family<OfKind, Counter>,
    recoveries: Family<OfKind, Counter>,
    zombies: Family<OfKind, Counter>,
    pick_up: Family<OfKind, Histogram>,
    run_time: Family<OfKind, Traced, fn() -> Traced>,
}

/// From a millisecond, a good pick-up, to an hour, a long run. 0.8 and 1.0 are edges, since objectives stand there.
const BOUNDS: [f64; 15] =
    [0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 0.8, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

impl Metrics {
    /// Registers them all.
    pub fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BOUNDS);
        let metrics = Self {
            ready: Family::default(),
            running: Family::default(),
            delayed: Family::default(),
            dead: Family::default(),
            oldest: Family::default(),
            paused: Family::default(),
            attempts: Family::default(),
            recoveries: Family::default(),
            zombies: Family::default(),
            pick_up: Family::new_with_constructor(histogram),
            run_time: Family::new_with_constructor(|| Traced::new(BOUNDS.into_iter())),
        };
        registry.register("ondol_jobs_ready", "Jobs in line", metrics.ready.clone());
        registry.register("ondol_jobs_running", "Jobs under lease", metrics.running.clone());
        registry.register("ondol_jobs_delayed", "Jobs whose time has not come", metrics.delayed.clone());
        registry.register("ondol_jobs_dead", "Dead jobs that are kept", metrics.dead.clone());
        let (name, help) = ("ondol_jobs_oldest", "Age of the job at the head of the line");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.oldest.clone());
        let help = "Whether claims of the kind are stopped, by itself or with the whole queue";
        registry.register("ondol_jobs_paused", help, metrics.paused.clone());
        registry.register("ondol_jobs_attempts", "Runs that began", metrics.attempts.clone());
        let help = "Jobs taken back from workers that went away";
        registry.register("ondol_jobs_recoveries", help, metrics.recoveries.clone());
        let help = "Beats, results and errors refused since their run had lost its job";
        registry.register("ondol_jobs_zombies", help, metrics.zombies.clone());
        let (name, help) = ("ondol_jobs_pick_up", "From when a job could run to when it was claimed");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.pick_up.clone());
        let (name, help) = ("ondol_jobs_run", "From a run's beginning to its end, however it ended");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.run_time.clone());
        metrics
    }

    /// Shows how full the queue is; call it each few seconds with what [`crate::Queue::stats`] says.
    pub fn show(&self, stats: &Stats) {
        for (kind, of_kind) in &stats.kinds {
            let label = OfKind { kind: kind.to_string() };
            self.show_kind(&label, of_kind);
            self.paused.get_or_create(&label).set(i64::from(stats.paused || of_kind.paused));
        }
    }

    fn show_kind(&self, kind: &OfKind, stats: &KindStats) {
        self.ready.get_or_create(kind).set(stats.ready as i64);
        self.running.get_or_create(kind).set(stats.running as i64);
        self.delayed.get_or_create(kind).set(stats.delayed as i64);
        self.dead.get_or_create(kind).set(stats.dead as i64);
        self.oldest.get_or_create(kind).set(stats.oldest.as_secs() as i64);
        self.attempts.get_or_create(kind).inner().store(stats.attempts, Ordering::Relaxed);
        self.recoveries.get_or_create(kind).inner().store(stats.recoveries, Ordering::Relaxed);
        self.zombies.get_or_create(kind).inner().store(stats.zombies, Ordering::Relaxed);
    }

    /// Counts the wait of a claimed job.
    pub fn picked_up(&self, kind: &Name, waited: Duration) {
        self.pick_up.get_or_create(&OfKind { kind: kind.to_string() }).observe(waited.as_secs_f64());
    }

    /// Counts the length of a run, from now until what this returns is dropped. The histogram points to `trace`, the id
    /// of a trace that somebody keeps.
    #[must_use]
    pub fn run(&self, kind: &Name, trace: Option<String>) -> Run {
        let of_kind = self.run_time.get_or_create_owned(&OfKind { kind: kind.to_string() });
        Run { of_kind, trace, begin: Instant::now() }
    }
}

/// A run whose time is being taken.
#[derive(Debug)]
pub struct Run {
    of_kind: Traced,
    trace: Option<String>,
    begin: Instant,
}

impl Drop for Run {
    fn drop(&mut self) {
        let exemplar = self.trace.take().map(|trace_id| TraceLabel { trace_id });
        self.of_kind.observe(self.begin.elapsed().as_secs_f64(), exemplar, None);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::Metrics;
    use crate::{KindStats, Name, Stats};

    #[tokio::test(start_paused = true)]
    async fn the_figures_carry_their_kind_and_unit() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let kind = Name::new("kind", "batch").unwrap();
        let stats =
            KindStats { ready: 3, zombies: 2, oldest: Duration::from_secs(9), ..KindStats::default() };
        metrics.show(&Stats { kinds: BTreeMap::from([(kind.clone(), stats)]), paused: true });
        metrics.picked_up(&kind, Duration::from_millis(3));
        let run = metrics.run(&kind, Some("ab12".to_owned()));
        tokio::time::advance(Duration::from_secs(2)).await;
        drop(run);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "ondol_jobs_ready{kind=\"batch\"} 3",
            "ondol_jobs_zombies_total{kind=\"batch\"} 2",
            "ondol_jobs_oldest_seconds{kind=\"batch\"} 9",
            "ondol_jobs_paused{kind=\"batch\"} 1",
            "ondol_jobs_pick_up_seconds_count{kind=\"batch\"} 1",
            "ondol_jobs_run_seconds_sum{kind=\"batch\"} 2.0",
            "ondol_jobs_run_seconds_bucket{le=\"0.8\",kind=\"batch\"} 0",
            "ondol_jobs_run_seconds_bucket{le=\"5.0\",kind=\"batch\"} 1 # {trace_id=\"ab12\"} 2.0",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
