//! The suite on a real model with ONNX Runtime, where both are at hand.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use clap::Parser;
use engine::{
    DecoderModel, EngineError, ExecutionProvider, FinishReason, OnnxModel, OnnxOptions, Request, Runtime,
};
use models::{Package, Specials};

use super::{
    subject::{Subject, read},
    suite,
};

#[derive(Parser)]
struct Needed {
    /// The folder of a model package.
    #[arg(long, env = "ONDOL_TEST_MODEL")]
    model: Option<PathBuf>,
    /// ONNX Runtime's shared library.
    #[arg(long, env = "ONDOL_TEST_ONNXRUNTIME")]
    onnxruntime: Option<PathBuf>,
}

struct Real {
    runtime: Runtime,
    package: Package,
}

/// A process loads the library once, so all tests share it.
fn real() -> Option<&'static Real> {
    static REAL: OnceLock<Option<Real>> = OnceLock::new();
    let real = REAL.get_or_init(|| {
        let Needed { model: Some(model), onnxruntime: Some(library) } = Needed::parse_from(["test"]) else {
            return None;
        };
        Some(Real { runtime: Runtime::load(&library).unwrap(), package: Package::open(model).unwrap() })
    });
    if real.is_none() {
        eprintln!("skipped: ONDOL_TEST_MODEL (a package) and ONDOL_TEST_ONNXRUNTIME (a library) are not set");
    }
    real.as_ref()
}

fn load(real: &Real, options: &OnnxOptions) -> Result<OnnxModel, EngineError> {
    OnnxModel::load(&real.runtime, &real.package.model_path(), real.package.manifest(), options)
}

const QUESTIONS: [&str; 7] = [
    "What is the capital of France?",
    "Explain in two sentences what a database index is, and when it makes a query slower instead of faster.",
    "Hi",
    "List three fruits and their colours.",
    "Write a haiku about the sea.",
    "12 + 7 =",
    "Tell me a very long story about a small robot who lived in a lighthouse and wanted to see the whole world.",
];

fn subject() -> Option<Subject> {
    let real = real()?;
    let tokenizer = Arc::new(real.package.tokenizer().unwrap());
    let prompts = QUESTIONS.map(|question| tokenizer.encode(question, Specials::Text).unwrap());
    Some(Subject {
        make: Box::new(|slots, context| {
            let mut model = load(real, &OnnxOptions { slots, context, ..OnnxOptions::default() }).unwrap();
            model.poison();
            Box::new(model)
        }),
        tokenizer,
        end_tokens: real.package.manifest().tokens.end.clone(),
        prompts: prompts.into(),
    })
}

#[tokio::test]
async fn batching_changes_nothing() {
    let Some(subject) = subject() else { return };
    suite::batching_changes_nothing(&subject).await;
}

#[tokio::test]
async fn a_dropped_stream_frees_its_slot_within_one_step() {
    let Some(subject) = subject() else { return };
    suite::a_dropped_stream_frees_its_slot_within_one_step(&subject).await;
}

#[tokio::test]
async fn a_slow_client_delays_nobody() {
    let Some(subject) = subject() else { return };
    suite::a_slow_client_delays_nobody(&subject).await;
}

#[tokio::test]
async fn a_drain_finishes_what_was_submitted() {
    let Some(subject) = subject() else { return };
    suite::a_drain_finishes_what_was_submitted(&subject).await;
}

#[tokio::test]
async fn a_drain_ends_at_its_deadline() {
    let Some(subject) = subject() else { return };
    suite::a_drain_ends_at_its_deadline(&subject).await;
}

#[tokio::test]
async fn deadlines_are_kept_everywhere() {
    let Some(subject) = subject() else { return };
    suite::deadlines_are_kept_everywhere(&subject).await;
}

#[tokio::test]
async fn admission_is_bounded() {
    let Some(subject) = subject() else { return };
    suite::admission_is_bounded(&subject).await;
}

#[tokio::test]
async fn what_cannot_get_a_slot_in_time_is_refused_at_once() {
    let Some(subject) = subject() else { return };
    suite::what_cannot_get_a_slot_in_time_is_refused_at_once(&subject).await;
}

#[tokio::test]
async fn a_question_gets_a_sensible_answer() {
    let Some(subject) = subject() else { return };
    let chat = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n";
    let mut bench = subject.start(1, |_| ());
    bench.gate.open();
    let request = Request {
        max_tokens: Some(40),
        ..Request::new(subject.tokenizer.encode(chat, Specials::Parse).unwrap())
    };
    let told = read(bench.submit(request).unwrap()).await;
    assert!(told.text.contains("Paris"), "{}", told.text);
    assert_eq!(told.finished.map(|finished| finished.reason), Some(FinishReason::Stop));
}

#[test]
fn a_step_outside_the_pool_is_an_error() {
    let Some(real) = real() else { return };
    let mut model = load(real, &OnnxOptions { slots: 2, context: 8, ..OnnxOptions::default() }).unwrap();
    assert!(model.prefill(2, &[1], 0).is_err());
    assert!(model.prefill(0, &[1; 4], 5).is_err());
    assert!(model.decode(1, &[1, 1], &[1, 1]).is_err());
    assert!(model.decode(0, &[u32::MAX], &[1]).is_err());
    assert!(model.copy_slot(0, 2, 1).is_err());
    assert!(model.prefill(1, &[1; 8], 0).is_ok());
}

#[test]
fn a_missing_gpu_is_an_error_and_no_fallback() {
    let Some(real) = real() else { return };
    let cuda =
        OnnxOptions { execution_provider: ExecutionProvider::Cuda, slots: 1, ..OnnxOptions::default() };
    match load(real, &cuda) {
        Err(EngineError::ExecutionProvider { provider: "cuda", problem }) => assert!(!problem.is_empty()),
        Err(other) => panic!("{other}"),
        // Only where there is a GPU indeed.
        Ok(_) => assert!(std::path::Path::new("/dev/nvidiactl").exists()),
    }
}

#[test]
fn a_graph_that_is_not_what_the_manifest_says_is_refused() {
    let Some(real) = real() else { return };
    let mut manifest = real.package.manifest().clone();
    let options = OnnxOptions { slots: 1, ..OnnxOptions::default() };
    let refused = |manifest: &models::Manifest| {
        OnnxModel::load(&real.runtime, &real.package.model_path(), manifest, &options)
            .err()
            .unwrap()
            .to_string()
    };
    manifest.decoder.as_mut().unwrap().kv_heads += 1;
    assert!(refused(&manifest).contains("past_key_values.0.key"), "{}", refused(&manifest));
    manifest.decoder = real.package.manifest().decoder;
    manifest.decoder.as_mut().unwrap().layers -= 1;
    assert!(refused(&manifest).contains("are expected by its manifest"), "{}", refused(&manifest));
    manifest.decoder = None;
    assert!(refused(&manifest).contains("[decoder]"));
}
