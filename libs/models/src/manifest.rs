//! `model.toml`: what a model package says of itself.

mod rules;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use rules::is_model_name;

/// The only version of the file that this build reads and writes.
pub const SCHEMA: u32 = 1;

/// The contents of `model.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's layout; [`SCHEMA`].
    pub schema: u32,
    /// The model's id in requests: lower case letters, digits, `.`, `_` and `-`, at most 63 characters.
    pub name: String,
    /// What the model does.
    pub task: Task,
    /// How the weights of the matrix products are stored.
    pub precision: Precision,
    /// The longest sequence (prompt and output together) that the model was made for, in tokens.
    pub context: u32,
    /// The decoder's dimensions; present when the task is text generation.
    pub decoder: Option<Decoder>,
    /// Tokens with a meaning of their own.
    pub tokens: SpecialTokens,
    /// Where the package came from.
    pub provenance: Provenance,
    /// Every other file of the package by its name, with its size and checksum.
    pub files: BTreeMap<String, FileRecord>,
}

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Continues a prompt token by token.
    TextGeneration,
}

/// How the weights of the matrix products are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats: the reference, four bytes a weight.
    Fp32,
    /// 8-bit integers in blocks of 32 with a scale each, about 1.1 bytes a weight.
    Int8,
    /// 4-bit integers in blocks of 32, 0.6 to 0.75 bytes a weight.
    Int4,
}

impl Precision {
    /// The precision as `model.toml` and requests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }
}

/// The dimensions of a decoder-only transformer, as the engine needs them to lay out its key/value pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decoder {
    /// Transformer blocks.
    pub layers: u32,
    /// Query heads.
    pub heads: u32,
    /// Key/value heads.
    pub kv_heads: u32,
    /// Width of one head.
    pub head_dim: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Rows of the output head: token ids are below this.
    pub vocabulary: u32,
}

/// Token ids with a meaning of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialTokens {
    /// Begins a sequence, where the model wants one in front of plain prompts.
    pub begin: Option<u32>,
    /// Each of these ends a generation.
    pub end: Vec<u32>,
}

/// Where a package came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The name of the file that was imported, without its folder.
    pub source: String,
    /// SHA-256 of that file, in lower-case hex.
    pub source_sha256: String,
    /// Its format, such as `gguf`.
    pub format: String,
    /// The license that the source names (an SPDX id where it gives one), or `unknown`.
    pub license: String,
    /// The program and version that wrote this package.
    pub importer: String,
}

/// Size and checksum of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hex.
    pub sha256: String,
}

/// A manifest that holds every rule.
#[cfg(test)]
pub(crate) fn example() -> Manifest {
    let record = |bytes| FileRecord { bytes, sha256: "0".repeat(64) };
    Manifest {
        schema: SCHEMA,
        name: "smollm2-135m-instruct".to_owned(),
        task: Task::TextGeneration,
        precision: Precision::Int8,
        context: 8192,
        decoder: Some(Decoder {
            layers: 30,
            heads: 9,
            kv_heads: 3,
            head_dim: 64,
            hidden: 576,
            vocabulary: 49_152,
        }),
        tokens: SpecialTokens { begin: None, end: vec![2] },
        provenance: Provenance {
            source: "SmolLM2-135M-Instruct.Q4_1.gguf".to_owned(),
            source_sha256: "b".repeat(64),
            format: "gguf".to_owned(),
            license: "apache-2.0".to_owned(),
            importer: "ondol 0.1.0".to_owned(),
        },
        files: [("model.onnx".to_owned(), record(10)), ("tokenizer.json".to_owned(), record(20))].into(),
    }
}
