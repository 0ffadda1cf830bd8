//! `model.toml`: what a model package says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    /// The licence that the source names (an SPDX id where it gives one), or `unknown`.
    pub licence: String,
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
