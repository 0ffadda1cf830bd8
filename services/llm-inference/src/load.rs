//! From packages on disk to engines at work.

use std::{sync::Arc, time::Instant};

use engine::{DecoderModel, Engine, OnnxModel, Runtime, SchedulerArguments};
use models::{ChatTemplate, Manifest, Package, Store, Tokenizer};
use prometheus_client::registry::Registry;

use crate::{Arguments, InferenceError, ModelArguments, catalogue::Served};

/// Everything of a package in memory, and nothing at work yet.
pub(crate) struct Loaded {
    manifest: Manifest,
    tokenizer: Tokenizer,
    template: Option<ChatTemplate>,
    model: Box<dyn DecoderModel>,
}

/// Loads every model that the arguments name. Reads weights for seconds: not for a thread that serves.
pub(crate) fn load(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Loaded>, InferenceError> {
    let store = Store::open(&arguments.models.models)?;
    let names = names(&arguments.models, &store)?;
    names.iter().map(|name| load_one(&store.package(name)?, arguments, runtime)).collect()
}

fn load_one(package: &Package, arguments: &Arguments, runtime: &Runtime) -> Result<Loaded, InferenceError> {
    let started = Instant::now();
    let manifest = package.manifest().clone();
    let options = arguments.engine.runtime.options();
    let model = OnnxModel::load(runtime, &package.model_path(), &manifest, &options)?;
    let geometry = model.geometry();
    let (tokenizer, template) = (package.tokenizer()?, package.chat_template()?);
    tracing::info!(
        model = manifest.name,
        slots = geometry.slots,
        context_tokens = geometry.capacity,
        provider = options.execution_provider.name(),
        threads = options.threads,
        seconds = started.elapsed().as_secs_f64(),
        "model loaded"
    );
    Ok(Loaded { manifest, tokenizer, template, model: Box::new(model) })
}

impl Loaded {
    /// Puts the model to work.
    pub(crate) fn start(
        self,
        scheduler: &SchedulerArguments,
        registry: &mut Registry,
    ) -> Result<Served, InferenceError> {
        let Self { manifest, tokenizer, template, model } = self;
        let tokenizer = Arc::new(tokenizer);
        let (settings, end) = (scheduler.settings(&manifest.name), manifest.tokens.end.clone());
        let engine = Engine::start(model, Arc::clone(&tokenizer), end, settings, registry)?;
        Ok(Served::new(manifest, tokenizer, template, engine))
    }
}

/// The models to serve: those that were named, or every one in the store.
fn names(arguments: &ModelArguments, store: &Store) -> Result<Vec<String>, InferenceError> {
    let mut names = arguments.names.clone();
    if names.is_empty() {
        names = store.list()?.into_iter().map(|entry| entry.name).collect();
    }
    names.sort();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(InferenceError::Arguments("--model names a model twice".into()));
    }
    if names.is_empty() {
        let folder = store.root().display();
        let hint = format!(
            "there is no model in {folder}; `ondol model import FILE.gguf --models {folder}` makes one"
        );
        return Err(InferenceError::Arguments(hint));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_store_and_a_doubled_name_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let asked = |names: &[&str]| {
            let names = names.iter().map(ToString::to_string).collect();
            super::names(&ModelArguments { models: folder.path().into(), names }, &store)
        };
        assert!(asked(&[]).unwrap_err().to_string().contains("ondol model import"));
        assert!(asked(&["b", "a", "b"]).unwrap_err().to_string().contains("twice"));
        assert_eq!(asked(&["b", "a"]).unwrap(), ["a", "b"]);
    }
}
