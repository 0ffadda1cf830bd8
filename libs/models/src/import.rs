//! Making a package out of another program's model file.
//!
//! [`import_gguf`] reads a GGUF file of the `llama` architecture and writes a package into a store: the decoder as an
//! ONNX graph, the tokenizer and the chat template. Weights stream through: memory stays at the header of the file and
//! the scales of one product. The package appears in the store whole or not at all.

mod decoder;
mod lines;
mod llama;
mod progress;
mod source;
mod staging;
mod tokenizer;
mod weights;

use std::{fs::File, path::Path, time::Instant};

pub use progress::{Progress, Step};

use self::{llama::Llama, progress::Meter, staging::Staging, tokenizer::Tokenizer, weights::Weights};
use crate::{
    ChatTemplate, Manifest, ModelError, Precision, Provenance, SCHEMA, Store, Task,
    gguf::{Gguf, Metadata},
    manifest::is_model_name,
};

/// The precision of a package whose importer was not asked for one: the fastest that keeps quality.
///
/// Measured on SmolLM2-135M (`Q4_1`) with two threads of a CPU, in tokens a second at a context of 64, medians of quiet
/// samples of one run; perplexity on `golden/perplexity.txt`:
///
/// | | 1 row | 4 | 8 | 16 | prefill of 256 | perplexity |
/// |---|---|---|---|---|---|---|
/// | fp32 | 68 | 203 | 325 | 460 | 1282 | 18.02 |
/// | int8 | 181 | 374 | 503 | 621 | 1392 | 18.09 |
/// | int4 | 161 | 372 | 490 | 599 | 1205 | 18.06 |
///
/// int4 is exact here, and smaller by a quarter, but pays for its remainders with three small operators a product.
pub const DEFAULT_PRECISION: Precision = Precision::Int8;

/// What to make of a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The model's name in the store; by default the file's name in lower case, without its encoding.
    pub name: Option<String>,
    /// How weights are stored; by default [`DEFAULT_PRECISION`].
    pub precision: Option<Precision>,
    /// Whether a package of the same name is replaced; otherwise it is an error.
    pub replace: bool,
}

/// What an import made.
#[derive(Clone, Debug)]
pub struct Report {
    /// The new package's manifest.
    pub manifest: Manifest,
    /// How long it took.
    pub seconds: f64,
    /// Size of the source.
    pub bytes_in: u64,
    /// Size of the package without its manifest.
    pub bytes_out: u64,
}

/// The name that a package of this file gets unless another is asked for.
pub fn default_name(source: &Path) -> String {
    source::model_name(source)
}

/// Makes a package out of a GGUF file. Nothing appears in the store unless all of it succeeds.
pub fn import_gguf(
    source: &Path,
    store: &Store,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, ModelError> {
    let start = Instant::now();
    let name = options.name.clone().unwrap_or_else(|| default_name(source));
    if !is_model_name(&name) {
        return Err(ModelError::InvalidName { name });
    }
    let precision = options.precision.unwrap_or(DEFAULT_PRECISION);
    let (file, bytes_in) = source::open(source)?;
    let mut gguf = Gguf::read(file, source.to_owned())?;
    let llama = Llama::read(&gguf, precision)?;
    let tokenizer = Tokenizer::read(gguf.metadata(), llama.vocabulary)?;
    // Up to here nothing was written: the header is sound.
    let mut staging = Staging::begin(store.root(), &name, options.replace)?;
    write_text(&tokenizer, gguf.metadata(), &mut staging)?;
    let tokens = tokenizer.into_special();

    let mut meter = Meter::new(progress, bytes_in + gguf.tensor_bytes());
    let source_sha256 = source::checksum(&mut gguf, &mut meter)?;
    write_decoder(&llama, precision, Weights { gguf: &mut gguf, meter: &mut meter }, &mut staging)?;

    let bytes_out = staging.files().values().map(|file| file.bytes).sum();
    let provenance = Provenance {
        source: source::file_name(source),
        source_sha256,
        format: "gguf".to_owned(),
        license: source::license(gguf.metadata())?,
        importer: format!("ondol {}", env!("CARGO_PKG_VERSION")),
    };
    let manifest = staging.commit(|files| Manifest {
        schema: SCHEMA,
        name,
        task: Task::TextGeneration,
        precision,
        context: llama.context,
        decoder: Some(llama.geometry()),
        tokens,
        provenance,
        files,
    })?;
    Ok(Report { manifest, seconds: start.elapsed().as_secs_f64(), bytes_in, bytes_out })
}

/// Writes the tokenizer, and the chat template if there is one.
fn write_text(
    tokenizer: &Tokenizer<'_>,
    metadata: &Metadata,
    staging: &mut Staging,
) -> Result<(), ModelError> {
    let mut file = staging.create("tokenizer.json")?;
    tokenizer.write(&mut file).map_err(ModelError::io("write", staging.folder().join("tokenizer.json")))?;
    staging.add(file)?;
    let Some(template) = metadata.text("tokenizer.chat_template")? else { return Ok(()) };
    ChatTemplate::parse(template)?;
    let mut file = staging.create("chat_template.jinja")?;
    file.append(template.as_bytes())?;
    staging.add(file)
}

fn write_decoder(
    llama: &Llama,
    precision: Precision,
    weights: Weights<'_, '_, File>,
    staging: &mut Staging,
) -> Result<(), ModelError> {
    let data = staging.create("model.onnx.data")?;
    let (graph, data) = decoder::write(llama, precision, weights, data)?;
    staging.add(data)?;
    let mut file = staging.create("model.onnx")?;
    file.append(&graph)?;
    staging.add(file)
}
