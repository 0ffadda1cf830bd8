//! The suite on the stub, and what only a stub can show.

use std::sync::Arc;

use engine::{
    DecoderModel, Engine, EngineError, FinishReason, Geometry, Health, Request, Sampling, Settings, Stop,
    StubHook, StubModel, StubStep,
};
use fault::{Fault, Kind};
use models::Tokenizer;
use prometheus_client::registry::Registry;

use super::{
    subject::{Subject, read},
    suite,
};

const END: u32 = 256;

fn geometry(slots: usize, capacity: usize) -> Geometry {
    Geometry { slots, capacity, vocabulary: 257 }
}

fn subject() -> Subject {
    let prompts =
        [3, 40, 11, 1, 7, 25, 18].map(|length| (0..length).map(|i| (i * 7 + length) % 256).collect());
    Subject {
        make: Box::new(|slots, capacity| Box::new(StubModel::new(geometry(slots, capacity)))),
        tokenizer: Arc::new(Tokenizer::bytes()),
        end_tokens: vec![END],
        prompts: prompts.into(),
    }
}

#[tokio::test]
async fn batching_changes_nothing() {
    suite::batching_changes_nothing(&subject()).await;
}

#[tokio::test]
async fn a_dropped_stream_frees_its_slot_within_one_step() {
    suite::a_dropped_stream_frees_its_slot_within_one_step(&subject()).await;
}

#[tokio::test]
async fn a_slow_client_delays_nobody() {
    suite::a_slow_client_delays_nobody(&subject()).await;
}

#[tokio::test]
async fn a_drain_finishes_what_was_submitted() {
    suite::a_drain_finishes_what_was_submitted(&subject()).await;
}

#[tokio::test]
async fn a_drain_ends_at_its_deadline() {
    suite::a_drain_ends_at_its_deadline(&subject()).await;
}

#[tokio::test]
async fn deadlines_are_kept_everywhere() {
    suite::deadlines_are_kept_everywhere(&subject()).await;
}

#[tokio::test]
async fn admission_is_bounded() {
    suite::admission_is_bounded(&subject()).await;
}

#[tokio::test]
async fn what_cannot_get_a_slot_in_time_is_refused_at_once() {
    suite::what_cannot_get_a_slot_in_time_is_refused_at_once(&subject()).await;
}

/// Runs one request alone to its end.
async fn generate(subject: &Subject, request: Request) -> super::subject::Told {
    let mut bench = subject.start(1, |_| ());
    bench.gate.open();
    let generation = bench.submit(request).unwrap();
    read(generation).await
}

#[tokio::test]
async fn an_end_token_ends_the_text_unless_it_is_ignored_or_too_early() {
    let mut subject = subject();
    subject.make =
        Box::new(|slots, capacity| Box::new(StubModel::new(geometry(slots, capacity)).ending_with(END)));
    let free = generate(&subject, Request::new(vec![1])).await;
    let finished = free.finished.unwrap();
    assert_eq!(finished.reason, FinishReason::Stop);
    assert!(!free.tokens.contains(&END) && !free.tokens.is_empty() && free.tokens.len() < 127);

    let mut ignoring = Request::new(vec![1]);
    ignoring.stop.ignore_end = true;
    let ignoring = generate(&subject, ignoring).await;
    assert!(ignoring.tokens.contains(&END));
    assert_eq!(ignoring.finished.map(|finished| finished.reason), Some(FinishReason::Length));

    let mut later = Request::new(vec![1]);
    later.stop.min_tokens = free.tokens.len() as u32 + 1;
    assert!(generate(&subject, later).await.tokens.len() > free.tokens.len());
}

#[tokio::test]
async fn the_context_ends_a_text_without_limits() {
    let told = generate(&subject(), Request::new(vec![1; 100])).await;
    assert_eq!(told.tokens.len(), 28);
    assert_eq!(told.finished.map(|finished| finished.reason), Some(FinishReason::Length));
}

#[tokio::test]
async fn a_stop_string_ends_the_text_before_it() {
    let subject = subject();
    let whole = generate(&subject, subject.request(0, 60)).await.text;
    let stop = &whole[20..23];
    let mut request = subject.request(0, 60);
    request.stop = Stop { strings: vec![stop.to_string()], ..Stop::default() };
    let told = generate(&subject, request.clone()).await;
    let expected = &whole[..whole.find(stop).unwrap()];
    assert_eq!(told.text, expected);
    let finished = told.finished.unwrap();
    assert_eq!((finished.reason, finished.stop_string.as_deref()), (FinishReason::Stop, Some(stop)));
    request.stop.include_string = true;
    assert_eq!(generate(&subject, request).await.text, format!("{expected}{stop}"));
}

#[tokio::test]
async fn a_seed_gives_the_same_text_alone_and_in_company() {
    let subject = subject();
    let seeded = |prompt| {
        let mut request = subject.request(prompt, 30);
        request.logprobs = true;
        request.sampling = Sampling { temperature: 1.5, seed: Some(7), top_p: 0.9, ..Sampling::default() };
        request
    };
    let alone = generate(&subject, seeded(0)).await;
    let mut bench = subject.start(3, |_| ());
    bench.gate.open();
    let company: Vec<_> = [1, 0, 2].map(|prompt| bench.submit(seeded(prompt)).unwrap()).into();
    let mut told = Vec::new();
    for generation in company {
        told.push(read(generation).await);
    }
    assert_eq!((&told[1].tokens, &told[1].logprobs), (&alone.tokens, &alone.logprobs));
    assert!(alone.logprobs.len() == 30 && alone.logprobs.iter().all(|logprob| *logprob < 0.0));
    assert_ne!(told[0].tokens, alone.tokens);
}

/// Starts three requests on two slots of a stub whose `fail` is called before every step, and runs them.
async fn failing(fail: StubHook) -> (Vec<Kind>, Health, Kind) {
    let subject = subject();
    let model = StubModel::new(geometry(2, 128)).with_hook(fail);
    let mut bench = subject.start_with(Box::new(model), |_| ());
    let all: Vec<_> = (0..3).map(|index| bench.submit(subject.request(index, 50)).unwrap()).collect();
    bench.gate.open();
    let mut kinds = Vec::new();
    for generation in all {
        kinds.push(read(generation).await.error.unwrap().kind());
    }
    bench.engine.drain(bench.clock.now()).await;
    let health = *bench.engine.health().borrow();
    (kinds, health, bench.engine.admit().err().unwrap().kind())
}

#[tokio::test]
async fn a_failed_step_ends_everything_but_the_process() {
    let error: StubHook = Box::new(|step| match step {
        StubStep::Decode { rows: 2, .. } => Err(EngineError::step("decode", "out of memory")),
        _ => Ok(()),
    });
    let panic: StubHook = Box::new(|step| match step {
        StubStep::Decode { rows: 2, .. } => panic!("a bug"),
        _ => Ok(()),
    });
    for hook in [error, panic] {
        let (kinds, health, refusal) = failing(hook).await;
        assert_eq!(kinds, [Kind::Internal, Kind::Internal, Kind::Unavailable]);
        assert_eq!((health, refusal), (Health::Failed, Kind::Unavailable));
    }
}

/// A stub whose scores for slot 0 become NaN after a while, as a broken cache makes them.
struct Broken(StubModel);

impl DecoderModel for Broken {
    fn geometry(&self) -> Geometry {
        self.0.geometry()
    }

    fn prefill(&mut self, slot: usize, tokens: &[u32], past: usize) -> Result<&mut [f32], EngineError> {
        self.0.prefill(slot, tokens, past)
    }

    fn decode(
        &mut self,
        first_slot: usize,
        tokens: &[u32],
        lengths: &[usize],
    ) -> Result<&mut [f32], EngineError> {
        let scores = self.0.decode(first_slot, tokens, lengths)?;
        if first_slot == 0 && lengths[0] > 10 {
            scores[100] = f32::NAN;
        }
        Ok(scores)
    }

    fn copy_slot(&mut self, from: usize, to: usize, length: usize) -> Result<(), EngineError> {
        self.0.copy_slot(from, to, length)
    }
}

#[tokio::test]
async fn bad_scores_end_one_request_and_no_other() {
    let subject = subject();
    let mut bench = subject.start_with(Box::new(Broken(StubModel::new(geometry(2, 128)))), |_| ());
    let broken = bench.submit(subject.request(0, 20)).unwrap();
    let good = bench.submit(subject.request(1, 5)).unwrap();
    bench.gate.open();
    assert!(matches!(read(broken).await.error, Some(EngineError::BadScores { position: 9, .. })));
    assert_eq!(read(good).await.tokens.len(), 5);
    assert_eq!(*bench.engine.health().borrow(), Health::Serving);
}

#[tokio::test]
async fn short_prompts_overtake_a_long_one_which_still_gets_its_turn() {
    let subject = subject();
    let mut bench = subject.start(4, |settings| settings.prefill_chunk = 8);
    let _long = bench.submit(Request::new(vec![9; 100])).unwrap();
    let engine = bench.engine.clone();
    let short = |length| {
        let request = Request { max_tokens: Some(1), ..Request::new(vec![7; length]) };
        engine.admit().unwrap().generate(request).unwrap()
    };
    bench.gate.next().await;
    let mut keep = vec![short(8)];
    let mut progress = vec![];
    for _ in 0..60 {
        bench.gate.allow();
        // A new short prompt is always there.
        keep.push(short(8));
        if let StubStep::Prefill { slot, .. } = bench.gate.next().await {
            progress.push(slot == 0);
        }
    }
    assert!(!progress[0], "the short prompt goes first");
    assert!(
        progress.iter().filter(|is_long| **is_long).count() >= 2,
        "the long prompt starves: {progress:?}"
    );
}

#[tokio::test]
async fn a_caller_that_leaves_the_queue_gives_its_place_back_within_one_step() {
    let subject = subject();
    let mut bench = subject.start(1, |settings| settings.max_waiting = 1);
    let running = bench.submit(subject.request(0, 50)).unwrap();
    bench.gate.pass().await;
    let waiting = bench.submit(subject.request(1, 50)).unwrap();
    bench.gate.pass().await;
    bench.gate.next().await;
    assert_eq!(bench.engine.admit().err().map(|error| error.kind()), Some(Kind::ResourceExhausted));
    drop(waiting);
    bench.gate.allow();
    bench.gate.next().await;
    assert!(bench.engine.admit().is_ok());
    drop(running);
}

#[tokio::test]
async fn of_two_drains_the_earlier_deadline_counts() {
    let subject = subject();
    let mut bench = subject.start(1, |_| ());
    let running = bench.submit(subject.request(0, 100)).unwrap();
    bench.gate.pass().await;
    bench.gate.next().await;
    let (engine, now) = (bench.engine.clone(), bench.clock.now());
    let release = async { bench.gate.open() };
    let hour = std::time::Duration::from_hours(1);
    let ((), (), (), ()) =
        tokio::join!(engine.drain(now + hour), engine.drain(now), engine.drain(now + hour), release);
    assert!(matches!(read(running).await.error, Some(EngineError::Draining)));
}

/// Neither stream can be done before the engine is dropped: by then the one that runs has made two of its tokens, and
/// the stub reads every cached token for each new one.
#[tokio::test]
async fn dropping_the_engine_ends_its_streams() {
    let subject = subject();
    let mut bench = subject.start_with(Box::new(StubModel::new(geometry(1, 50_000))), |_| ());
    let running = bench.submit(Request::new(vec![1])).unwrap();
    let waiting = bench.submit(Request::new(vec![1])).unwrap();
    bench.gate.pass().await;
    bench.gate.pass().await;
    bench.gate.next().await;
    bench.gate.open();
    drop(bench);
    let (running, waiting) = (read(running).await, read(waiting).await);
    assert!(matches!(running.error, Some(EngineError::Draining)), "{:?}", running.finished);
    assert!(matches!(waiting.error, Some(EngineError::Draining)), "{:?}", waiting.finished);
    assert!(running.tokens.len() >= 2 && waiting.tokens.is_empty());
}

#[tokio::test]
async fn an_engine_without_room_does_not_start() {
    for (slots, capacity) in [(0, 128), (1, 1)] {
        let model = Box::new(StubModel::new(geometry(slots, capacity)));
        let (tokenizer, settings) = (Arc::new(Tokenizer::bytes()), Settings::new("m"));
        let started = Engine::start(model, tokenizer, vec![END], settings, &mut Registry::default());
        assert!(matches!(started.err(), Some(EngineError::InvalidSetting { .. })));
    }
}

#[tokio::test]
async fn the_gauges_fall_to_zero_when_all_is_done() {
    let subject = subject();
    let mut bench = subject.start(1, |_| ());
    let all: Vec<_> = (0..3).map(|index| bench.submit(subject.request(index, 5)).unwrap()).collect();
    bench.gate.pass().await;
    bench.gate.pass().await;
    bench.gate.next().await;
    assert_eq!(
        (bench.metric("ondol_llm_requests_running"), bench.metric("ondol_llm_requests_waiting")),
        (1.0, 2.0)
    );
    assert!(bench.metric("ondol_llm_kv_cache_usage_ratio") > 0.0);
    bench.gate.open();
    for generation in all {
        read(generation).await;
    }
    bench.engine.drain(bench.clock.now() + std::time::Duration::from_secs(9)).await;
    assert_eq!(
        (bench.metric("ondol_llm_requests_running"), bench.metric("ondol_llm_requests_waiting")),
        (0.0, 0.0)
    );
    assert!(bench.metric("ondol_llm_kv_cache_usage_ratio") < 1e-9);
    assert!((bench.metric("ondol_llm_generation_tokens_total") - 15.0).abs() < 0.5);
}
