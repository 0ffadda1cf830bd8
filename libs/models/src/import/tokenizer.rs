//! `tokenizer.json` out of a GGUF file's metadata: byte-level BPE in the layout of the `tokenizers` crate.

mod pre_tokenizer;
mod vocabulary;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use self::{
    pre_tokenizer::PreTokenizer,
    vocabulary::{Merges, Vocabulary},
};
use crate::{
    ModelError, SpecialTokens,
    gguf::{Metadata, Strings},
};

const MODEL: &str = "tokenizer.ggml.model";
const TOKENS: &str = "tokenizer.ggml.tokens";
const KINDS: &str = "tokenizer.ggml.token_type";
const MERGES: &str = "tokenizer.ggml.merges";

/// Spellings of control tokens that end a turn or a text, whatever the metadata's one end token is.
const ENDINGS: [&str; 8] = [
    "<|endoftext|>",
    "<|im_end|>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|endofturn|>",
    "</s>",
];

/// How a token is used, from its number in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Has a meaning of its own and no text.
    Control,
    /// Text that is always one token.
    UserDefined,
}

/// A checked tokenizer, ready to be written.
pub(super) struct Tokenizer<'a> {
    tokens: &'a Strings,
    kinds: Vec<Kind>,
    merges: &'a Strings,
    words: PreTokenizer,
    special: SpecialTokens,
}

impl<'a> Tokenizer<'a> {
    /// Reads and checks the tokenizer of a model with `rows` embeddings.
    pub(super) fn read(metadata: &'a Metadata, rows: u32) -> Result<Self, ModelError> {
        let model = Metadata::required(MODEL, metadata.text(MODEL)?)?;
        if model != "gpt2" {
            return Err(ModelError::Unsupported {
                what: "the tokenizer model".into(),
                found: model.to_owned(),
                supported: "gpt2 (byte-level BPE)".into(),
            });
        }
        let words = PreTokenizer::read(metadata)?;
        let tokens = Metadata::required(TOKENS, metadata.strings(TOKENS)?)?;
        expect_length(TOKENS, tokens.len(), rows)?;
        let kinds = match metadata.integers(KINDS)? {
            Some(kinds) => kinds.into_iter().map(Kind::from_number).collect::<Result<Vec<_>, _>>()?,
            None => vec![Kind::Plain; tokens.len()],
        };
        expect_length(KINDS, kinds.len(), rows)?;
        let merges = Metadata::required(MERGES, metadata.strings(MERGES)?)?;
        vocabulary::check(tokens, merges)?;
        let mut tokenizer = Self { tokens, kinds, merges, words, special: SpecialTokens::default() };
        tokenizer.special = tokenizer.special_tokens(metadata)?;
        Ok(tokenizer)
    }

    /// The tokens that begin a sequence and end a generation.
    pub(super) fn into_special(self) -> SpecialTokens {
        self.special
    }

    /// Writes `tokenizer.json`.
    pub(super) fn write(&self, out: impl Write) -> io::Result<()> {
        let file = File {
            version: "1.0",
            truncation: None,
            padding: None,
            added_tokens: self.added().collect(),
            normalizer: self.words.normalizer(),
            pre_tokenizer: self.words.steps(),
            post_processor: None,
            decoder: byte_level(false),
            model: Model {
                kind: "BPE",
                dropout: None,
                unk_token: None,
                continuing_subword_prefix: None,
                end_of_word_suffix: None,
                fuse_unk: false,
                byte_fallback: false,
                ignore_merges: self.words.ignores_merges(),
                vocab: Vocabulary(self.tokens),
                merges: Merges(self.merges),
            },
        };
        serde_json::to_writer(out, &file).map_err(io::Error::from)
    }

    fn added(&self) -> impl Iterator<Item = AddedToken<'_>> {
        let each = self.tokens.iter().zip(&self.kinds).enumerate();
        each.filter(|(_, (_, kind))| **kind != Kind::Plain).map(|(id, (content, kind))| AddedToken {
            id,
            content,
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: *kind == Kind::Control,
        })
    }

    fn special_tokens(&self, metadata: &Metadata) -> Result<SpecialTokens, ModelError> {
        let id = |key: &str| match metadata.count(key)? {
            Some(id) if id as usize >= self.tokens.len() => Err(ModelError::Malformed {
                what: format!("metadata key {key}"),
                found: id.to_string(),
                expected: format!("a token below {}", self.tokens.len()),
            }),
            id => Ok(id),
        };
        let wanted = metadata.flag("tokenizer.ggml.add_bos_token")?;
        let begin = id("tokenizer.ggml.bos_token_id")?
            .filter(|_| wanted.unwrap_or_else(|| self.words.begins_sequences()));
        let mut end = Vec::new();
        for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
            end.extend(id(&format!("tokenizer.ggml.{key}"))?);
        }
        let spelled = self.added().filter(|token| token.special && ENDINGS.contains(&token.content));
        end.extend(spelled.map(|token| token.id as u32));
        let mut seen = std::collections::BTreeSet::new();
        end.retain(|id| seen.insert(*id));
        if end.is_empty() {
            return Err(ModelError::Missing { what: "metadata key tokenizer.ggml.eos_token_id".into() });
        }
        Ok(SpecialTokens { begin, end })
    }
}

impl Kind {
    fn from_number(number: i32) -> Result<Self, ModelError> {
        match number {
            1 | 5 | 6 => Ok(Self::Plain),
            2 | 3 => Ok(Self::Control),
            4 => Ok(Self::UserDefined),
            other => Err(ModelError::Malformed {
                what: format!("metadata key {KINDS}"),
                found: format!("the type {other}"),
                expected: "types from 1 to 6".into(),
            }),
        }
    }
}

fn expect_length(key: &str, found: usize, rows: u32) -> Result<(), ModelError> {
    if found == rows as usize {
        return Ok(());
    }
    Err(ModelError::Malformed {
        what: format!("metadata key {key}"),
        found: format!("{found} entries"),
        expected: format!("one for each of the {rows} rows of the embedding"),
    })
}

/// The byte-level step, which also is the decoder.
fn byte_level(use_regex: bool) -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex })
}

#[derive(Serialize)]
struct File<'a> {
    version: &'static str,
    truncation: Option<()>,
    padding: Option<()>,
    added_tokens: Vec<AddedToken<'a>>,
    normalizer: Option<Value>,
    pre_tokenizer: Value,
    post_processor: Option<()>,
    decoder: Value,
    model: Model<'a>,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of the file's format")]
struct AddedToken<'a> {
    id: usize,
    content: &'a str,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
    normalized: bool,
    special: bool,
}

#[derive(Serialize)]
struct Model<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    dropout: Option<()>,
    unk_token: Option<()>,
    continuing_subword_prefix: Option<()>,
    end_of_word_suffix: Option<()>,
    fuse_unk: bool,
    byte_fallback: bool,
    ignore_merges: bool,
    vocab: Vocabulary<'a>,
    merges: Merges<'a>,
}
