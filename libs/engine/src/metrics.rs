//! What the engine tells Prometheus, under the names that dashboards for other servers use.

mod labels;
mod names;

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    metrics::{
        counter::Counter, exemplar::HistogramWithExemplars, family::Family, gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};

use labels::{Finished, GenAi, Model, Scope, TraceLabel, Vllm};

type Ratio = Gauge<f64, AtomicU64>;
/// A histogram whose buckets remember the trace of a recent request.
type Traced = HistogramWithExemplars<TraceLabel>;

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
    pub(crate) cache_usage: Ratio,
    first_token: Traced,
    inter_token: Histogram,
    queued: Histogram,
    total: Traced,
    prompt_tokens: Counter,
    generation_tokens: Counter,
    finished: Family<Finished, Counter>,
    steps: Histogram,
    model: String,
}

impl Metrics {
    /// Registers everything for the model called `model`.
    pub(crate) fn register(registry: &mut Registry, model: &str) -> Self {
        let metrics = Self {
            running: Gauge::default(),
            waiting: Gauge::default(),
            cache_usage: Ratio::default(),
            first_token: Traced::new(FIRST_TOKEN.iter().copied()),
            inter_token: Histogram::new(INTER_TOKEN.iter().copied()),
            queued: Histogram::new(QUEUED.iter().copied()),
            total: Traced::new(TOTAL.iter().copied()),
            prompt_tokens: Counter::default(),
            generation_tokens: Counter::default(),
            finished: Family::default(),
            steps: Histogram::new(ROWS.iter().copied()),
            model: model.to_owned(),
        };
        metrics.register_own(&mut Scope { registry, labels: Model { model: model.to_owned() } });
        let labels = GenAi {
            gen_ai_operation_name: names::GEN_AI_OPERATION,
            gen_ai_provider_name: names::GEN_AI_PROVIDER,
            gen_ai_request_model: model.to_owned(),
        };
        metrics.register_as_gen_ai(&mut Scope { registry, labels });
        metrics.register_as_vllm(&mut Scope { registry, labels: Vllm { model_name: model.to_owned() } });
        registry.register(names::FINISHED, "Requests that ended, by the reason", metrics.finished.clone());
        metrics
    }

    fn register_own(&self, scope: &mut Scope<'_, Model>) {
        scope.add(names::RUNNING, "Requests that hold a slot", &self.running);
        scope.add(names::WAITING, "Requests that wait for a slot", &self.waiting);
        scope.add(names::CACHE_USAGE, "Share of the key/value pool that caches tokens", &self.cache_usage);
        scope.add(names::FIRST_TOKEN, "From admission to the first token", &self.first_token);
        scope.add(names::INTER_TOKEN, "Between two tokens of a request", &self.inter_token);
        scope.add(names::QUEUED, "From admission to a slot", &self.queued);
        scope.add(names::TOTAL, "From admission to the end of a request", &self.total);
        let help = "Prompt tokens of the requests that began to run";
        scope.add(names::PROMPT_TOKENS, help, &self.prompt_tokens);
        scope.add(names::GENERATION_TOKENS, "Tokens generated", &self.generation_tokens);
        scope.add(names::STEP_ROWS, "Rows in each decode step", &self.steps);
    }

    fn register_as_gen_ai(&self, scope: &mut Scope<'_, GenAi>) {
        scope.add(names::GEN_AI_REQUEST, "From admission to the end of a request", &self.total);
        scope.add(names::GEN_AI_FIRST_TOKEN, "From admission to the first token", &self.first_token);
        scope.add(names::GEN_AI_OUTPUT_TOKEN, "Between two tokens of a request", &self.inter_token);
    }

    fn register_as_vllm(&self, scope: &mut Scope<'_, Vllm>) {
        scope.add(names::VLLM_RUNNING, "Requests that hold a slot", &self.running);
        scope.add(names::VLLM_WAITING, "Requests that wait for a slot", &self.waiting);
        let help = "Share of the key/value pool that caches tokens, 1 when it is full";
        scope.add(names::VLLM_CACHE_USAGE, help, &self.cache_usage);
    }

    pub(crate) fn seated(&self, prompt_tokens: usize, queued: Duration) {
        self.prompt_tokens.inc_by(prompt_tokens as u64);
        self.queued.observe(queued.as_secs_f64());
    }

    /// The first token, so long after admission, in this trace if it is kept.
    pub(crate) fn first_token(&self, since: Duration, trace: Option<&str>) {
        self.generation_tokens.inc();
        self.first_token.observe(since.as_secs_f64(), TraceLabel::of(trace), None);
    }

    /// A further token, so long after the one before.
    pub(crate) fn next_token(&self, since: Duration) {
        self.generation_tokens.inc();
        self.inter_token.observe(since.as_secs_f64());
    }

    pub(crate) fn decode_step(&self, rows: usize) {
        self.steps.observe(rows as f64);
    }

    pub(crate) fn finished(&self, reason: Ending, total: Duration, trace: Option<&str>) {
        self.finished.get_or_create(&Finished { model: self.model.clone(), reason: reason.label() }).inc();
        self.total.observe(total.as_secs_f64(), TraceLabel::of(trace), None);
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
    fn a_bucket_remembers_a_trace_that_is_kept() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, "m");
        metrics.first_token(Duration::from_millis(900), Some("ab12"));
        metrics.finished(Ending::Stop, Duration::from_secs(3), None);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let exemplars: Vec<_> = text.lines().filter(|line| line.contains("# {")).collect();
        let [own, gen_ai] = &exemplars[..] else { panic!("one bucket, under two names: {exemplars:?}") };
        for line in [own, gen_ai] {
            assert!(line.contains("le=\"1.0\"") && line.contains("# {trace_id=\"ab12\"} 0.9"), "{line}");
        }
    }

    #[test]
    fn the_names_and_labels_are_those_that_the_dashboards_use() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry, "m");
        metrics.running.set(3);
        metrics.cache_usage.set(0.25);
        metrics.seated(7, Duration::from_millis(3));
        metrics.first_token(Duration::from_millis(50), Some("ab12"));
        metrics.finished(Ending::Cancelled, Duration::from_secs(1), None);
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
            "vllm:num_requests_running{model_name=\"m\"} 3",
            "vllm:num_requests_waiting{model_name=\"m\"} 0",
            "vllm:kv_cache_usage_perc{model_name=\"m\"} 0.25",
            "gen_ai_server_request_duration_seconds_count{gen_ai_operation_name=\"text_completion\",\
             gen_ai_provider_name=\"ondol\",gen_ai_request_model=\"m\"} 1",
            "gen_ai_server_time_to_first_token_seconds_count{",
            "gen_ai_server_time_per_output_token_seconds_count{",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
