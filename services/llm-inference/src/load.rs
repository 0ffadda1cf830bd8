//! From packages on disk to engines at work.

use std::{path::Path, sync::Arc, thread, time::Instant};

use engine::{DecoderModel, Engine, OnnxModel, Runtime, SchedulerArguments};
use models::{ChatTemplate, Manifest, ModelError, Package, Store, Tokenizer};
use prometheus_client::registry::Registry;

use crate::{Arguments, Checks, InferenceError, ModelArguments, catalogue::Served};

/// Everything of a package in memory, and nothing at work yet.
pub(crate) struct Loaded {
    manifest: Manifest,
    tokenizer: Tokenizer,
    template: Option<ChatTemplate>,
    model: Box<dyn DecoderModel>,
}

/// Loads every model that the arguments name. Reads weights for seconds: not for a thread that serves.
pub(crate) fn load(arguments: &Arguments, runtime: &Runtime) -> Result<Vec<Loaded>, InferenceError> {
    let store = open(&arguments.models.models)?;
    let names = names(&arguments.models, &store)?;
    names.iter().map(|name| load_one(&store.package(name)?, arguments, runtime)).collect()
}

fn load_one(package: &Package, arguments: &Arguments, runtime: &Runtime) -> Result<Loaded, InferenceError> {
    let started = Instant::now();
    let manifest = package.manifest().clone();
    let options = arguments.engine.runtime.options();
    if let Some(warning) = context_warning(options.context, manifest.context) {
        tracing::warn!(model = manifest.name, "{warning}");
    }
    let load = || -> Result<_, InferenceError> {
        let model = OnnxModel::load(runtime, &package.model_path(), &manifest, &options)?;
        Ok((model, package.tokenizer()?, package.chat_template()?))
    };
    let (model, tokenizer, template) = verified(package, arguments.models.checks, load)?;
    let geometry = model.geometry();
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

/// Loads while another thread compares every file with its checksum. Where both fail the checksum is the reason.
fn verified<T>(
    package: &Package,
    checks: Checks,
    load: impl FnOnce() -> Result<T, InferenceError>,
) -> Result<T, InferenceError> {
    if checks.skip_checksums {
        return load();
    }
    thread::scope(|scope| {
        let verifying = scope.spawn(|| package.verify());
        let loaded = load();
        verifying.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        loaded
    })
}

/// What to say where sequences are asked to be longer than the model was made for.
fn context_warning(asked: usize, made_for: u32) -> Option<String> {
    (asked > made_for as usize).then(|| {
        format!("--context-tokens is {asked}, but the model was made for {made_for}: no sequence gets longer than that")
    })
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

/// The store in a folder. Where there is none yet, nothing was imported.
fn open(folder: &Path) -> Result<Store, InferenceError> {
    match Store::open(folder) {
        Err(ModelError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(InferenceError::Arguments(no_model(folder)))
        }
        opened => Ok(opened?),
    }
}

fn no_model(folder: &Path) -> String {
    let folder = folder.display();
    format!("there is no model in {folder}; `ondol model import FILE.gguf --models {folder}` makes one")
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
        return Err(InferenceError::Arguments(no_model(store.root())));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use models::{Decoder, FileRecord, Precision, Provenance, SCHEMA, SpecialTokens, Task};
    use sha2::{Digest, Sha256};
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn no_store_an_empty_one_and_a_doubled_name_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let missing = super::open(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("ondol model import"), "{missing}");
        let store = Store::open(folder.path()).unwrap();
        let asked = |names: &[&str]| {
            let names = names.iter().map(ToString::to_string).collect();
            let checks = Checks::default();
            super::names(&ModelArguments { models: folder.path().into(), names, checks }, &store)
        };
        assert!(asked(&[]).unwrap_err().to_string().contains("ondol model import"));
        assert!(asked(&["b", "a", "b"]).unwrap_err().to_string().contains("twice"));
        assert_eq!(asked(&["b", "a"]).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_context_beyond_the_models_own_is_warned_of() {
        assert_eq!(context_warning(2048, 2048), None);
        let warning = context_warning(9000, 2048).unwrap();
        assert!(warning.contains("9000") && warning.contains("2048"), "{warning}");
    }

    /// A package whose files hold a word each.
    fn package() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let record = |file: &str| {
            fs::write(folder.path().join(file), file).unwrap();
            let sha256 = hex::encode(Sha256::digest(file));
            (file.to_owned(), FileRecord { bytes: file.len() as u64, sha256 })
        };
        let manifest = Manifest {
            schema: SCHEMA,
            name: "tiny".into(),
            task: Task::TextGeneration,
            precision: Precision::Int8,
            context: 64,
            decoder: Some(Decoder {
                layers: 1,
                heads: 1,
                kv_heads: 1,
                head_dim: 2,
                hidden: 2,
                vocabulary: 257,
            }),
            tokens: SpecialTokens { begin: None, end: vec![256] },
            provenance: Provenance {
                source: "tiny.gguf".into(),
                source_sha256: "c".repeat(64),
                format: "gguf".into(),
                license: "apache-2.0".into(),
                importer: "none".into(),
            },
            files: ["model.onnx", "model.onnx.data", "tokenizer.json"].map(record).into(),
        };
        fs::write(folder.path().join("model.toml"), manifest.to_toml().unwrap()).unwrap();
        folder
    }

    #[test]
    fn a_flipped_byte_keeps_a_model_from_being_served() {
        let folder = package();
        let load = |checks| {
            let package = Package::open(folder.path()).unwrap();
            verified(&package, checks, || Ok("loaded")).map_err(|error| error.to_string())
        };
        let (checked, unchecked) = (Checks::default(), Checks { skip_checksums: true });
        assert_eq!(load(checked), Ok("loaded"));

        let weights = folder.path().join("model.onnx.data");
        let mut bytes = fs::read(&weights).unwrap();
        bytes[3] ^= 1;
        fs::write(&weights, bytes).unwrap();
        let refusal = load(checked).unwrap_err();
        assert!(refusal.contains("model.onnx.data") && refusal.contains("sha256"), "{refusal}");
        assert_eq!(load(unchecked), Ok("loaded"));

        // What loading makes of damaged files is not the reason.
        let package = Package::open(folder.path()).unwrap();
        let broken = || Err::<(), _>(InferenceError::Arguments("unreadable graph".into()));
        assert!(verified(&package, checked, broken).unwrap_err().to_string().contains("sha256"));
    }
}
