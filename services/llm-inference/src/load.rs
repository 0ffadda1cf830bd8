//! From packages on disk to engines at work.

use std::{sync::Arc, time::Instant};

use engine::{DecoderModel, Engine, OnnxModel, Runtime, SchedulerArguments};
use models::{Package, Store};
use prometheus_client::registry::Registry;

use crate::{Arguments, InferenceError, catalogue::Served};

/// Loads every model that the arguments name. Reads weights for seconds: not for a thread that serves.
pub(crate) fn load(arguments: &Arguments, registry: &mut Registry) -> Result<Vec<Served>, InferenceError> {
    let store = Store::open(&arguments.models.models)?;
    let names = names(arguments, &store)?;
    let runtime = Runtime::load(&arguments.engine.runtime.onnxruntime_library)?;
    let options = arguments.engine.runtime.options();
    let mut served = Vec::with_capacity(names.len());
    for name in names {
        let started = Instant::now();
        let package = store.package(&name)?;
        let model = OnnxModel::load(&runtime, &package, &options)?;
        let geometry = model.geometry();
        served.push(serve(&package, Box::new(model), &arguments.engine.scheduler, registry)?);
        tracing::info!(
            model = name,
            slots = geometry.slots,
            context_tokens = geometry.capacity,
            provider = options.execution_provider.name(),
            threads = options.threads,
            seconds = started.elapsed().as_secs_f64(),
            "model loaded"
        );
    }
    Ok(served)
}

/// Puts an engine, a tokenizer and a chat template around a loaded model.
pub(crate) fn serve(
    package: &Package,
    model: Box<dyn DecoderModel>,
    scheduler: &SchedulerArguments,
    registry: &mut Registry,
) -> Result<Served, InferenceError> {
    let manifest = package.manifest().clone();
    let tokenizer = Arc::new(package.tokenizer()?);
    let settings = scheduler.settings(&manifest.name);
    let end = manifest.tokens.end.clone();
    let engine = Engine::start(model, Arc::clone(&tokenizer), end, settings, registry)?;
    Ok(Served::new(manifest, tokenizer, package.chat_template()?, engine))
}

/// The models to serve: those that were named, or every one in the store.
fn names(arguments: &Arguments, store: &Store) -> Result<Vec<String>, InferenceError> {
    let mut names = arguments.models.names.clone();
    if names.is_empty() {
        names = store.list()?.into_iter().map(|entry| entry.name).collect();
    }
    names.sort();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(InferenceError::Arguments("--model names a model twice".into()));
    }
    if names.is_empty() {
        let folder = store.root().display();
        let hint = format!("there is no model in {folder}; `ondol model import FILE.gguf --models {folder}` makes one");
        return Err(InferenceError::Arguments(hint));
    }
    Ok(names)
}
