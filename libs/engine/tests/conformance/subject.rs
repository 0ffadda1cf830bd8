//! What the suite runs on: a model, its tokenizer, and a gate before every step.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use engine::{
    Clock, DecoderModel, Engine, EngineError, Event, Finished, Generation, Geometry, Request, Settings,
    StubStep,
};
use futures::StreamExt;
use models::Tokenizer;
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A kind of model to run the suite on.
pub struct Subject {
    /// A fresh model with poisoned caches, of so many slots and so many tokens in each.
    pub make: Box<dyn Fn(usize, usize) -> Box<dyn DecoderModel>>,
    pub tokenizer: Arc<Tokenizer>,
    pub end_tokens: Vec<u32>,
    /// Prompts of different lengths.
    pub prompts: Vec<Vec<u32>>,
}

/// A running engine of which a test sees, and holds up, every step.
pub struct Bench {
    /// Opened first when a test ends, so that the engine can end as well.
    pub gate: Gate,
    pub engine: Engine,
    pub clock: TestClock,
    registry: Registry,
}

impl Subject {
    pub fn start(&self, slots: usize, change: impl FnOnce(&mut Settings)) -> Bench {
        self.start_with((self.make)(slots, 128), change)
    }

    pub fn start_with(&self, model: Box<dyn DecoderModel>, change: impl FnOnce(&mut Settings)) -> Bench {
        let (steps, seen) = unbounded_channel();
        let (permits, allowed) = mpsc::channel();
        let model = Watched { inner: model, steps, permits: allowed };
        let clock = TestClock::new();
        let mut settings = Settings { clock: clock.clock(), ..Settings::new("test") };
        change(&mut settings);
        let mut registry = Registry::default();
        let (tokenizer, end_tokens) = (Arc::clone(&self.tokenizer), self.end_tokens.clone());
        let engine = Engine::start(Box::new(model), tokenizer, end_tokens, settings, &mut registry).unwrap();
        Bench { engine, gate: Gate { steps: seen, permits: Some(permits) }, clock, registry }
    }

    /// A greedy request of `count` tokens that end tokens do not end.
    pub fn request(&self, prompt: usize, count: u32) -> Request {
        let mut request = Request::new(self.prompts[prompt % self.prompts.len()].clone());
        request.max_tokens = Some(count);
        request.stop.ignore_end = true;
        request
    }
}

/// The greedy continuation of `prompt` by the model alone, without an engine; end tokens do not end it.
pub fn alone(model: &mut dyn DecoderModel, prompt: &[u32], count: usize) -> Vec<u32> {
    let slot = model.geometry().slots - 1;
    let mut tokens = vec![best(model.prefill(slot, prompt, 0).unwrap())];
    while tokens.len() < count {
        let length = prompt.len() + tokens.len() - 1;
        let next = best(model.decode(slot, &[*tokens.last().unwrap()], &[length]).unwrap());
        tokens.push(next);
    }
    tokens
}

fn best(scores: &[f32]) -> u32 {
    let mut best = 0;
    for (token, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = token;
        }
    }
    best as u32
}

impl Bench {
    pub fn submit(&self, request: Request) -> Result<Generation, EngineError> {
        self.engine.admit()?.generate(request)
    }

    pub fn metric(&self, name: &str) -> f64 {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        let line = text.lines().find(|line| line.starts_with(&format!("{name}{{"))).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }
}

/// What a generation said, from the first to the last event.
#[derive(Debug, Default)]
pub struct Told {
    pub tokens: Vec<u32>,
    pub text: String,
    pub logprobs: Vec<f32>,
    pub finished: Option<Finished>,
    pub error: Option<EngineError>,
}

pub async fn read(mut generation: Generation) -> Told {
    let mut told = Told::default();
    while let Some(event) = generation.next().await {
        match event {
            Ok(Event::Started { .. }) => assert!(told.tokens.is_empty()),
            Ok(Event::Token { id, text, logprob }) => {
                told.tokens.push(id);
                told.text.push_str(&text);
                told.logprobs.extend(logprob);
            }
            Ok(Event::Finished(finished)) => {
                told.text.push_str(&finished.text);
                assert_eq!(finished.usage.completion_tokens as usize, told.tokens.len());
                told.finished = Some(finished);
            }
            Err(error) => told.error = Some(error),
        }
    }
    assert!(told.finished.is_some() != told.error.is_some(), "one end, and only one: {told:?}");
    told
}

/// Holds the engine before each step until the test allows it.
pub struct Gate {
    steps: UnboundedReceiver<StubStep>,
    permits: Option<mpsc::Sender<()>>,
}

impl Gate {
    /// The step that the engine stands before.
    pub async fn next(&mut self) -> StubStep {
        self.steps.recv().await.unwrap()
    }

    pub fn allow(&self) {
        self.permits.as_ref().unwrap().send(()).unwrap();
    }

    /// Sees a step and lets it go.
    pub async fn pass(&mut self) -> StubStep {
        let step = self.next().await;
        self.allow();
        step
    }

    /// Holds nothing up any more.
    pub fn open(&mut self) {
        self.permits = None;
    }
}

struct Watched {
    inner: Box<dyn DecoderModel>,
    steps: UnboundedSender<StubStep>,
    permits: mpsc::Receiver<()>,
}

impl Watched {
    fn wait(&mut self, step: StubStep) {
        let _ = self.steps.send(step);
        let _ = self.permits.recv();
    }
}

impl DecoderModel for Watched {
    fn geometry(&self) -> Geometry {
        self.inner.geometry()
    }

    fn prefill(&mut self, slot: usize, tokens: &[u32], past: usize) -> Result<&mut [f32], EngineError> {
        self.wait(StubStep::Prefill { slot, tokens: tokens.len(), past });
        self.inner.prefill(slot, tokens, past)
    }

    fn decode(
        &mut self,
        first_slot: usize,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], EngineError> {
        self.wait(StubStep::Decode { first_slot, rows: tokens.len() });
        self.inner.decode(first_slot, tokens, lengths)
    }

    fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), EngineError> {
        self.wait(StubStep::Copy { from, to, length });
        self.inner.copy_slot(from, to, length)
    }
}

/// A clock that stands still until it is turned.
#[derive(Clone)]
pub struct TestClock {
    start: Instant,
    turned: Arc<AtomicU64>,
}

impl TestClock {
    fn new() -> Self {
        Self { start: Instant::now(), turned: Arc::new(AtomicU64::new(0)) }
    }

    pub fn now(&self) -> Instant {
        self.start + Duration::from_millis(self.turned.load(Ordering::SeqCst))
    }

    pub fn turn(&self, by: Duration) {
        self.turned.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let clock = self.clone();
        Clock::new(move || clock.now())
    }
}
