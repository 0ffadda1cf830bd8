//! Tokens that a tokenizer's file adds to the model's vocabulary, and which of them are special.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use serde::Deserialize;
use tokenizers::{AddedToken, AddedVocabulary};

use super::unusable;
use crate::ModelError;

/// The added tokens as the file declares them, read without the (large) rest of the file.
#[derive(Deserialize)]
pub(crate) struct AddedTokens {
    #[serde(default)]
    added_tokens: Vec<Declared>,
}

#[derive(Deserialize)]
struct Declared {
    id: u32,
    content: String,
}

impl AddedTokens {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, ModelError> {
        serde_json::from_slice(json).map_err(|error| unusable(&error))
    }

    /// How a token is spelled.
    pub(crate) fn spelling(&self, id: u32) -> Option<&str> {
        self.added_tokens.iter().find(|token| token.id == id).map(|token| token.content.as_str())
    }

    /// Checks that each token got the id that it was declared with: the `tokenizers` crate counts ids itself and only
    /// warns, and a shifted end token is a generation that never ends.
    pub(super) fn check(&self, tokenizer: &tokenizers::Tokenizer) -> Result<(), ModelError> {
        for Declared { id, content } in &self.added_tokens {
            if tokenizer.token_to_id(content) != Some(*id) {
                let problem =
                    format!("the added token {content:?} is declared with id {id}, which is not its place");
                return Err(ModelError::Tokenizer { problem });
            }
        }
        Ok(())
    }
}

/// Makes every special token match exactly as it is spelled, never in the normalised text.
///
/// Some files ask for the latter. It makes matches depend on the text around them, and a template's tokens could no
/// longer be told from a user's.
pub(super) fn match_specials_exactly(tokenizer: &mut tokenizers::Tokenizer) {
    let declared: BTreeMap<u32, AddedToken> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    if !declared.values().any(|token| token.special && token.normalized) {
        return;
    }
    let exact: Vec<AddedToken> = declared
        .into_values()
        .map(|token| {
            let normalized = token.normalized && !token.special;
            token.normalized(normalized)
        })
        .collect();
    let mut vocabulary = AddedVocabulary::new();
    vocabulary.add_tokens(&exact, tokenizer.get_model(), tokenizer.get_normalizer());
    tokenizer.with_added_vocabulary(vocabulary);
}

/// The special tokens of a tokenizer, to be found by id and in text.
pub(crate) struct SpecialTokens {
    spellings: BTreeMap<u32, String>,
    /// The first characters of all spellings: nearly always only `<`, so text is passed over quickly.
    first: BTreeSet<char>,
}

impl SpecialTokens {
    pub(super) fn of(vocabulary: &AddedVocabulary) -> Self {
        let spellings: BTreeMap<u32, String> = vocabulary
            .get_added_tokens_decoder()
            .iter()
            .filter(|(_, token)| token.special)
            .map(|(id, token)| (*id, token.content.clone()))
            .collect();
        let first = spellings.values().filter_map(|spelling| spelling.chars().next()).collect();
        Self { spellings, first }
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.spellings.contains_key(&id)
    }

    /// Byte ranges of the special tokens spelled in a text: in order, without overlaps, the longest where several
    /// begin at one place.
    pub(crate) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut end = 0;
        for (start, _) in text.char_indices().filter(|(_, c)| self.first.contains(c)) {
            let here = text.get(start..).unwrap_or_default();
            let longest = self.spellings.values().filter(|s| here.starts_with(*s)).map(String::len).max();
            if let Some(length) = longest.filter(|_| start >= end) {
                end = start + length;
                found.push(start..end);
            }
        }
        found
    }

    /// The length in bytes of the longest end of `text` that could be the beginning of a special token.
    pub(crate) fn begun_at_end(&self, text: &str) -> usize {
        let beginnings = self.spellings.values().flat_map(|spelling| {
            spelling.char_indices().skip(1).filter_map(|(length, _)| spelling.get(..length))
        });
        beginnings.filter(|beginning| text.ends_with(beginning)).map(str::len).max().unwrap_or(0)
    }
}
