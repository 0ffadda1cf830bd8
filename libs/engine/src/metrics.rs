//! What the engine tells Prometheus, under the names that dashboards for other servers use.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

// Edges of the histograms, times in seconds. 0.8 and 1.0 are edges of every time, so that an objective or an alert at
// either is counted exactly and not interpolated.
const FIRST_TOKEN: &[f64] =
    &[0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 5.0, 10.0, 30.0, 60.0];
const INTER_TOKEN: &[f64] =
    &[0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.4, 0.8, 1.0, 5.0];
const QUEUED: &[f64] =
    &[0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];
const TOTAL: &[f64] =
    &[0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];
const ROWS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Finished {
    model: String,
    reason: &'static str,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// An end token or a stop string.
    Stop,
    /// A limit on tokens.
    Length,
    /// The caller went away.
    Cancelled,
    /// The deadline passed.
    Deadline,
    /// The model failed, or the process ended before the request did.
    Error,
}

impl Ending {
    const fn label(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
            Self::Error => "error",
        }
    }
}

/// The handles of one engine.
pub(crate) struct Metrics {
    pub(crate) running: Gauge,
    pub(crate) waiting: Gauge,
    pub(crate) cache_usage: Gauge<f64, AtomicU64>,
    first_token: Histogram,
    inter_token: Histogram,
    queued: Histogram,
    total: Histogram,
    prompt_tokens: Counter,
    generation_tokens: Counter,
    finished: Family<Finished, Counter>,
    steps: Histogram,
    model: String,
}

impl Metrics {
    /// Registers everything for the model called `model`.
    pub(crate) fn register(registry: &mut Registry, model: &str) -> Self {
        let mut scope = Scope { registry: registry.sub_registry_with_prefix("ondol_llm"), model };
        let metrics = Self {
            running: scope.gauge("requests_running", "Requests that hold a slot"),
            waiting: scope.gauge("requests_waiting", "Requests that wait for a slot"),
            cache_usage: scope
                .ratio("kv_cache_usage_ratio", "Share of the key/value pool that caches tokens"),
            first_token: scope.histogram(
                "time_to_first_token_seconds",
                "From admission to the first token",
                FIRST_TOKEN,
            ),
            inter_token: scope.histogram(
                "inter_token_latency_seconds",
                "Between two tokens of a request",
                INTER_TOKEN,
            ),
            queued: scope.histogram("request_queue_time_seconds", "From admission to a slot", QUEUED),
            total: scope.histogram(
                "e2e_request_latency_seconds",
                "From admission to the end of a request",
                TOTAL,
            ),
            prompt_tokens: scope.counter("prompt_tokens", "Prompt tokens of the requests that began to run"),
            generation_tokens: scope.counter("generation_tokens", "Tokens generated"),
            steps: scope.histogram("decode_step_rows", "Rows in each decode step", ROWS),
            finished: Family::default(),
            model: model.to_string(),
        };
        let help = "Requests that ended, by the reason";
        scope.registry.register("requests_finished", help, metrics.finished.clone());
        metrics
    }

    pub(crate) fn seated(&self, prompt_tokens: usize, queued: Duration) {
        self.prompt_tokens.inc_by(prompt_tokens as u64);
        self.queued.observe(queued.as_secs_f64());
    }

    /// A token, `since` the one before or, for the first one, since admission.
    pub(crate) fn token(&self, is_first: bool, since: Duration) {
        self.generation_tokens.inc();
        let histogram = if is_first { &self.first_token } else { &self.inter_token };
        histogram.observe(since.as_secs_f64());
    }

    pub(crate) fn decode_step(&self, rows: usize) {
        self.steps.observe(rows as f64);
    }

    pub(crate) fn finished(&self, reason: Ending, total: Duration) {
        self.finished.get_or_create(&Finished { model: self.model.clone(), reason: reason.label() }).inc();
        self.total.observe(total.as_secs_f64());
    }
}

/// Registers families with the one label `model` and hands out the one member.
struct Scope<'a> {
    registry: &'a mut Registry,
    model: &'a str,
}

impl Scope<'_> {
    fn label(&self) -> Model {
        Model { model: self.model.to_string() }
    }

    fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        let family = Family::<Model, Gauge>::default();
        self.registry.register(name, help, family.clone());
        family.get_or_create_owned(&self.label())
    }

    fn ratio(&mut self, name: &str, help: &str) -> Gauge<f64, AtomicU64> {
        let family = Family::<Model, Gauge<f64, AtomicU64>>::default();
        self.registry.register(name, help, family.clone());
        family.get_or_create_owned(&self.label())
    }

    fn counter(&mut self, name: &str, help: &str) -> Counter {
        let family = Family::<Model, Counter>::default();
        self.registry.register(name, help, family.clone());
        family.get_or_create_owned(&self.label())
    }

    fn histogram(&mut self, name: &str, help: &str, edges: &'static [f64]) -> Histogram {
        let family = Family::<Model, Histogram, _>::new_with_constructor(|| Histogram::new(edges.to_vec()));
        self.registry.register(name, help, family.clone());
        family.get_or_create_owned(&self.label())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::{encoding::text::encode, registry::Registry};

    use super::{Ending, Metrics};

    #[test]
    fn the_objective_and_the_alert_are_edges_of_every_time() {
        let mut registry = Registry::default();
        let _metrics = Metrics::register(&mut registry, "m");
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for name in
            ["time_to_first_token", "inter_token_latency", "request_queue_time", "e2e_request_latency"]
        {
            for edge in ["0.8", "1.0"] {
                let bucket = format!("ondol_llm_{name}_seconds_bucket{{le=\"{edge}\",model=\"m\"}}");
                assert!(text.contains(&bucket), "{bucket} is missing in\n{text}");
            }
        }
    }

    #[test]
    fn the_names_and_labels_are_those_that_the_dashboards_use() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, "m");
        metrics.running.set(3);
        metrics.cache_usage.set(0.25);
        metrics.seated(7, Duration::from_millis(3));
        metrics.token(true, Duration::from_millis(50));
        metrics.finished(Ending::Cancelled, Duration::from_secs(1));
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        for line in [
            "ondol_llm_requests_running{model=\"m\"} 3",
            "ondol_llm_requests_waiting{model=\"m\"} 0",
            "ondol_llm_kv_cache_usage_ratio{model=\"m\"} 0.25",
            "ondol_llm_prompt_tokens_total{model=\"m\"} 7",
            "ondol_llm_generation_tokens_total{model=\"m\"} 1",
            "ondol_llm_time_to_first_token_seconds_count{model=\"m\"} 1",
            "ondol_llm_inter_token_latency_seconds_count{model=\"m\"} 0",
            "ondol_llm_request_queue_time_seconds_count{model=\"m\"} 1",
            "ondol_llm_e2e_request_latency_seconds_count{model=\"m\"} 1",
            "ondol_llm_decode_step_rows_count{model=\"m\"} 0",
            "ondol_llm_requests_finished_total{model=\"m\",reason=\"cancelled\"} 1",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
