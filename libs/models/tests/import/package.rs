//! What comes out of a sound file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use models::{
    ModelError, Precision, Specials, Store,
    import::{Options, Progress, Report, import_gguf},
};
use tempfile::TempDir;

use crate::{
    import_bytes::import_bytes,
    sample::{self, Sample},
};

/// A folder with a source file and a store.
pub(crate) struct Place {
    _folder: TempDir,
    pub(crate) source: PathBuf,
    pub(crate) store: Store,
}

impl Place {
    pub(crate) fn new(sample: &Sample) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("Tiny.Q4_1.gguf");
        fs::write(&source, sample.bytes()).unwrap();
        let store = Store::create(folder.path().join("store")).unwrap();
        Self { _folder: folder, source, store }
    }

    pub(crate) fn import(&self, options: &Options) -> Result<Report, ModelError> {
        import_gguf(&self.source, &self.store, options, &mut |_| ())
    }
}

/// The error that an import of `sample` ends with.
pub(crate) fn refusal(sample: &Sample) -> ModelError {
    let place = Place::new(sample);
    let error = place.import(&Options::default()).unwrap_err();
    assert!(place.store.list().unwrap().is_empty());
    error
}

pub(crate) fn every_precision() -> [Options; 3] {
    [Precision::Fp32, Precision::Int8, Precision::Int4].map(|precision| Options {
        name: Some(format!("{precision:?}").to_lowercase()),
        precision: Some(precision),
        replace: false,
    })
}

#[test]
fn a_sound_file_becomes_a_sound_package_in_every_precision() {
    let place = Place::new(&Sample::default());
    for options in every_precision() {
        let report = place.import(&options).unwrap();
        let package = place.store.package(options.name.as_deref().unwrap()).unwrap();
        package.verify().unwrap();
        assert_eq!(package.manifest(), &report.manifest);
        assert_eq!(Some(report.manifest.precision), options.precision);
        let decoder = report.manifest.decoder.unwrap();
        assert_eq!((decoder.layers, decoder.heads, decoder.kv_heads, decoder.head_dim), (1, 2, 1, 16));
        let tokenizer = package.tokenizer().unwrap();
        assert_eq!(tokenizer.encode("ab c<mine><|end|>", Specials::Parse).unwrap(), [3, 6, 7, 0]);
        assert!(package.chat_template().unwrap().is_some());
    }
}

#[test]
fn name_license_and_end_token_come_from_the_file() {
    let place = Place::new(&Sample::default());
    let manifest = place.import(&Options::default()).unwrap().manifest;
    assert_eq!((manifest.name.as_str(), manifest.precision), ("tiny", Precision::Int8));
    assert_eq!(manifest.provenance.license, "apache-2.0");
    assert_eq!(manifest.provenance.source, "Tiny.Q4_1.gguf");
    assert_eq!((manifest.tokens.begin, manifest.tokens.end), (None, vec![0]));
}

#[test]
fn progress_ends_at_its_total() {
    let place = Place::new(&Sample::default());
    let mut reports: Vec<Progress> = Vec::new();
    let report =
        import_gguf(&place.source, &place.store, &Options::default(), &mut |now| reports.push(now)).unwrap();
    assert!(reports.is_sorted_by_key(|progress| progress.done));
    let last = reports.last().unwrap();
    assert_eq!(last.done, last.total);
    assert!(last.total > report.bytes_in);
}

#[test]
fn a_model_without_a_chat_template_has_no_file_for_it() {
    let mut sample = Sample::default();
    sample.remove("tokenizer.chat_template");
    let place = Place::new(&sample);
    place.import(&Options::default()).unwrap();
    assert!(place.store.package("tiny").unwrap().chat_template().unwrap().is_none());
}

/// Every test of this program is small but this one, so the most memory that the program had is this import's.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_weights() {
    let mut sample = Sample::default();
    let mut offset = 1 << 20;
    sample.set("llama.feed_forward_length", sample::integer(1 << 18));
    for (name, dims) in [("gate", [32, 1 << 18]), ("up", [32, 1 << 18]), ("down", [1 << 18, 32])] {
        let tensor = sample.tensor(&format!("blk.0.ffn_{name}.weight"));
        (tensor.dims, tensor.format, tensor.offset) = (dims.to_vec(), 0, Some(offset));
        tensor.bytes.clear();
        offset += 32 << 20;
    }
    let place = Place::new(&sample);
    // Weights of zero that take no room on the disk.
    let source = fs::File::options().write(true).open(&place.source).unwrap();
    source.set_len(offset + (1 << 20)).unwrap();
    for options in every_precision() {
        place.import(&options).unwrap();
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    let peak: u64 = peak.unwrap().trim().parse().unwrap();
    assert!(peak < 48 << 10, "{peak} KiB for tensors of 32 MiB");
}

#[test]
fn a_begin_token_is_kept_where_the_file_wants_one() {
    let mut sample = Sample::default();
    sample.set("tokenizer.ggml.add_bos_token", sample::typed(7, &[1]));
    let place = Place::new(&sample);
    assert_eq!(place.import(&Options::default()).unwrap().manifest.tokens.begin, Some(0));
}

#[test]
fn every_pre_tokenizer_gives_a_tokenizer_that_loads() {
    for pre in ["gpt-2", "smollm", "llama-bpe", "qwen2"] {
        let mut sample = Sample::default();
        sample.set("tokenizer.ggml.pre", sample::text(pre));
        let place = Place::new(&sample);
        place.import(&Options::default()).unwrap();
        let tokenizer = place.store.package("tiny").unwrap().tokenizer().unwrap();
        assert_eq!(tokenizer.encode("ab c", Specials::Text).unwrap(), [3, 6], "{pre}");
    }
}

/// The seeds of the fuzz target.
fn seeds() -> [(&'static str, Vec<u8>); 4] {
    let mut truncated = Sample::default();
    truncated.tensor("blk.0.ffn_down.weight").bytes.pop();
    let mut untied = Sample::default();
    untied.add("output.weight", &[sample::HIDDEN, sample::VOCABULARY], "Q4_1");
    untied.add("rope_freqs.weight", &[8], "F32");
    untied.set("general.alignment", sample::integer(32));
    untied.set("tokenizer.ggml.pre", sample::text("llama-bpe"));
    let mut header = untied.clone();
    header.tensors.clear();
    [("tiny", Sample::default()), ("truncated", truncated), ("untied", untied), ("header", header)]
        .map(|(name, sample)| (name, sample.bytes()))
}

#[test]
fn the_seeds_of_the_fuzz_target_are_these() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/import");
    for (name, bytes) in seeds() {
        let path = folder.join(name).with_extension("gguf");
        if fs::read(&path).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, bytes).unwrap();
            panic!("{} was not up to date and has been written anew: commit it", path.display());
        }
    }
}

#[test]
fn every_seed_is_imported_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/import");
    for seed in fs::read_dir(folder).unwrap() {
        import_bytes(&fs::read(seed.unwrap().path()).unwrap());
    }
}
