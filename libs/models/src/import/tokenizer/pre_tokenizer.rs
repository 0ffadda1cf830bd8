//! How text is cut into words before merging, by the name that llama.cpp gives each way.

use serde_json::{Value, json};

use super::byte_level;
use crate::{ModelError, gguf::Metadata};

const KEY: &str = "tokenizer.ggml.pre";

/// Words of Llama 3: contractions in any case, a letter run with one sign before it, at most three digits, signs.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// As Llama 3, but each digit by itself.
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A way of cutting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PreTokenizer {
    Gpt2,
    /// GPT-2 with each digit by itself.
    Smollm,
    Llama3,
    Qwen2,
}

impl PreTokenizer {
    pub(super) fn read(metadata: &Metadata) -> Result<Self, ModelError> {
        match metadata.text(KEY)? {
            Some("gpt-2") => Ok(Self::Gpt2),
            Some("smollm") => Ok(Self::Smollm),
            Some("llama-bpe") => Ok(Self::Llama3),
            Some("qwen2") => Ok(Self::Qwen2),
            other => Err(ModelError::Unsupported {
                what: format!("metadata key {KEY}"),
                found: other.unwrap_or("missing").to_owned(),
                supported: "gpt-2, smollm, llama-bpe and qwen2".into(),
            }),
        }
    }

    pub(super) fn normalizer(self) -> Option<Value> {
        (self == Self::Qwen2).then(|| json!({ "type": "NFC" }))
    }

    pub(super) fn steps(self) -> Value {
        let split = |pattern: &str| json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false });
        let sequence =
            |first: Value, second: Value| json!({ "type": "Sequence", "pretokenizers": [first, second] });
        match self {
            // The step's own pattern is GPT-2's.
            Self::Gpt2 => byte_level(true),
            Self::Smollm => {
                sequence(json!({ "type": "Digits", "individual_digits": true }), byte_level(true))
            }
            Self::Llama3 => sequence(split(LLAMA_3), byte_level(false)),
            Self::Qwen2 => sequence(split(QWEN_2), byte_level(false)),
        }
    }

    /// Whether a word that is a token is taken whole, even where merges would not lead to it.
    pub(super) fn ignores_merges(self) -> bool {
        self == Self::Llama3
    }

    /// Whether sequences begin with a token where the metadata does not say.
    pub(super) fn begins_sequences(self) -> bool {
        self == Self::Llama3
    }
}
