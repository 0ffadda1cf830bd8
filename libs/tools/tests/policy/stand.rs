//! A tool that does as it is told, mounted with a policy.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use prometheus_client::{encoding::text::encode, registry::Registry as Figures};
use serde_json::{Map, Value, json};
use tools::{
    Annotations, Breakers, Call, Caller, Descriptor, Metrics, Output, Overflow, Policy, Registry, Retrying,
    Schema, Tool, ToolName, ToolsError, Tripping, Workshop,
};

/// What the tool does at its n-th call, from 0.
type Script = Box<dyn Fn(usize, &Call) -> Deed + Send + Sync>;

pub(crate) enum Deed {
    Answer(Output),
    Fail(ToolsError),
    Stall,
    /// Waits for credentials.
    Prepare,
    AnswerAfter(Duration, Output),
}

pub(crate) struct Scripted {
    script: Script,
    calls: AtomicUsize,
}

#[async_trait]
impl Tool for Scripted {
    async fn call(&self, call: Call) -> Result<Output, ToolsError> {
        let turn = self.calls.fetch_add(1, Ordering::SeqCst);
        match (self.script)(turn, &call) {
            Deed::Answer(answer) => Ok(answer),
            Deed::Fail(error) => Err(error),
            Deed::Stall => std::future::pending().await,
            Deed::Prepare => call.preparing.during(std::future::pending()).await,
            Deed::AnswerAfter(time, answer) => {
                tokio::time::sleep(time).await;
                Ok(answer)
            }
        }
    }
}

pub(crate) fn scripted(script: impl Fn(usize, &Call) -> Deed + Send + Sync + 'static) -> Arc<Scripted> {
    Arc::new(Scripted { script: Box::new(script), calls: AtomicUsize::new(0) })
}

impl Scripted {
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

pub(crate) fn failure() -> ToolsError {
    ToolsError::Upstream {
        upstream: "shop".into(),
        message: "status 500".into(),
        retry_after: None,
        source: None,
    }
}

pub(crate) fn found(count: u32) -> Output {
    Output::structured(json!({"found": count}))
}

/// A policy without anything that waits or keeps.
pub(crate) fn plain() -> Policy {
    Policy { retry: None, breaker: None, cache: None, ..Policy::default() }
}

/// One that judges after four calls and leaves alone for this long.
pub(crate) fn tripping(open_for: Duration) -> Tripping {
    Tripping { min_calls: 4, probes: 1, open_for, ..Tripping::default() }
}

pub(crate) fn retrying(attempts: u32) -> Retrying {
    Retrying { attempts, budget: 1.0, backoff: Duration::from_millis(1) }
}

/// A registry with its figures.
pub(crate) struct Stand {
    pub(crate) registry: Registry,
    pub(crate) workshop: Workshop,
    figures: Figures,
}

impl Stand {
    pub(crate) fn new(overflow: Option<Overflow>) -> Self {
        let mut figures = Figures::default();
        let metrics = Metrics::register(&mut figures);
        let breakers = Breakers::new(metrics.clone());
        Self { registry: Registry::default(), workshop: Workshop { metrics, breakers, overflow }, figures }
    }

    /// A stand with one tool, `search`, at the upstream `shop`.
    pub(crate) fn of(tool: &Arc<Scripted>, policy: Policy) -> Self {
        Self::annotated(tool, policy, Annotations::READS)
    }

    pub(crate) fn annotated(tool: &Arc<Scripted>, policy: Policy, annotations: Annotations) -> Self {
        let stand = Self::new(None);
        stand.mount(&[("search", tool, policy, "shop")], annotations);
        stand
    }

    pub(crate) fn mount(&self, tools: &[(&str, &Arc<Scripted>, Policy, &str)], annotations: Annotations) {
        let mounted = tools.iter().map(|(name, tool, policy, upstream)| {
            let tool: Arc<dyn Tool> = Arc::clone(*tool) as Arc<dyn Tool>;
            self.workshop.mount(tool, descriptor(name, annotations), policy.clone(), upstream).unwrap()
        });
        self.registry.replace(mounted.collect());
    }

    pub(crate) async fn call(&self, arguments: Value) -> Result<Output, ToolsError> {
        self.call_as("team-a", arguments).await
    }

    pub(crate) async fn call_as(&self, principal: &str, arguments: Value) -> Result<Output, ToolsError> {
        self.registry.call("search", Call::new(object(arguments), Caller::new(principal))).await
    }

    /// Whether Prometheus would read any line that begins so.
    pub(crate) fn shows_any(&self, beginning: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.figures).unwrap();
        text.lines().any(|shown| shown.starts_with(beginning))
    }

    /// Whether Prometheus would read this line.
    pub(crate) fn shows(&self, line: &str) -> bool {
        let mut text = String::new();
        encode(&mut text, &self.figures).unwrap();
        text.lines().any(|shown| shown == line)
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn descriptor(name: &str, annotations: Annotations) -> Descriptor {
    let input = json!({
        "type": "object",
        "properties": {"query": {"type": "string"}},
        "additionalProperties": false,
    });
    let output = json!({"type": "object", "properties": {"found": {"type": "integer"}}});
    Descriptor {
        name: ToolName::new(name).unwrap(),
        title: None,
        description: "Searches.".into(),
        input: Schema::of_arguments(input).unwrap(),
        output: Some(Schema::new(output).unwrap()),
        annotations,
    }
}
