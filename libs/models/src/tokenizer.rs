//! Text to token ids, and ids to the bytes that they stand for.

mod added;
mod byte_tokens;
mod shield;
mod token_bytes;

use std::fmt;

use tokenizers::{AddedVocabulary, Model, Normalizer, OffsetType, PreTokenizer, Token};

use crate::ModelError;

pub(crate) use added::{AddedTokens, SpecialTokens};
pub(crate) use shield::Shield;

use self::token_bytes::TokenBytes;

/// What happens to a special token (such as `<|im_end|>`) that is spelled out in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Specials {
    /// It becomes that token: for text that a chat template wrote.
    Parse,
    /// It stays text, and no special token ever comes out: for what a user wrote.
    Text,
}

/// A model's tokenizer.
///
/// It never adds a token of its own (no begin token, no padding, no truncation), whatever its file asks for: who adds
/// what is decided above. Calls may come from many threads at once. The work grows with the text, so the caller bounds
/// the text.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// The added vocabulary of `inner` with its special tokens switched off.
    unparsed: AddedVocabulary,
    specials: SpecialTokens,
    bytes: TokenBytes,
}

impl Tokenizer {
    /// Reads the text of a `tokenizer.json`.
    pub fn from_json(json: &[u8]) -> Result<Self, ModelError> {
        let mut inner = tokenizers::Tokenizer::from_bytes(json).map_err(|error| unusable(&*error))?;
        AddedTokens::parse(json)?.check(&inner)?;
        added::match_specials_exactly(&mut inner);
        let bytes = TokenBytes::of(&inner)?;
        Ok(Self::new(inner, bytes))
    }

    /// A tokenizer whose tokens are the 256 bytes, each with its own value as id, and the special token `<|end|>` with
    /// id 256. It needs no file and can spell everything: for tests and the stub model.
    pub fn bytes() -> Self {
        byte_tokens::tokenizer()
    }

    fn new(inner: tokenizers::Tokenizer, bytes: TokenBytes) -> Self {
        let mut unparsed = inner.get_added_vocabulary().clone();
        unparsed.set_encode_special_tokens(true);
        let specials = SpecialTokens::of(inner.get_added_vocabulary());
        Self { inner, unparsed, specials, bytes }
    }

    /// The token ids of a text.
    pub fn encode(&self, text: &str, specials: Specials) -> Result<Vec<u32>, ModelError> {
        let vocabulary = match specials {
            Specials::Parse => self.inner.get_added_vocabulary(),
            Specials::Text => &self.unparsed,
        };
        self.run(vocabulary, self.inner.get_normalizer(), text)
    }

    /// The token ids of a text with special tokens parsed, except for what stands behind a mark of `shield`: that is
    /// put back as plain text after the special tokens were found. Elsewhere the ids are those of the unmarked text.
    pub(crate) fn encode_shielded(&self, text: &str, shield: &Shield) -> Result<Vec<u32>, ModelError> {
        let normalizer = shield.before(self.inner.get_normalizer());
        self.run(self.inner.get_added_vocabulary(), Some(&normalizer), text)
    }

    /// The exact bytes of a token: empty for special tokens and for ids that do not exist.
    ///
    /// One character may be spread over several tokens, so the bytes of one need not be UTF-8. Tokenizers that put a
    /// space in front of a text (as `SentencePiece` does) give that space as a byte of the first token.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id)
    }

    /// Whether a token is a control token, which stands for no text.
    pub fn is_special(&self, id: u32) -> bool {
        self.specials.contains(id)
    }

    /// One more than the highest token id. The model's output may have more rows than this, never fewer.
    pub fn vocabulary_size(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn specials(&self) -> &SpecialTokens {
        &self.specials
    }

    /// The steps of the `tokenizers` crate, one by one, because they must differ in two places that it does not offer:
    /// the vocabulary of added tokens per call, and the guarantee that text never becomes a special token.
    fn run<N: Normalizer>(
        &self,
        vocabulary: &AddedVocabulary,
        normalizer: Option<&N>,
        text: &str,
    ) -> Result<Vec<u32>, ModelError> {
        let mut pieces = vocabulary.extract_and_normalize(normalizer, text);
        let split =
            self.inner.get_pre_tokenizer().map_or(Ok(()), |splitter| splitter.pre_tokenize(&mut pieces));
        split
            .and_then(|()| pieces.tokenize(|piece| self.tokens_of_text(piece.get())))
            .and_then(|()| pieces.into_encoding(None, 0, OffsetType::None))
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(|error| ModelError::Encode { problem: error.to_string() })
    }

    /// The model's tokens for a piece of text without special tokens.
    ///
    /// Some vocabularies (Unigram ones above all) hold special tokens as ordinary entries, and the model would find
    /// them in text. Such a piece is cut inside each of them until none is found.
    fn tokens_of_text(&self, piece: &str) -> tokenizers::Result<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut rest = vec![piece];
        while let Some(piece) = rest.pop() {
            let found = self.inner.get_model().tokenize(piece)?;
            let cuts = self.cuts(piece, &found)?;
            if cuts.is_empty() {
                tokens.extend(found);
                continue;
            }
            let starts = std::iter::once(0).chain(cuts.iter().copied());
            let ends = cuts.iter().copied().chain(std::iter::once(piece.len()));
            let parts: Vec<&str> =
                starts.zip(ends).filter_map(|(start, end)| piece.get(start..end)).collect();
            rest.extend(parts.into_iter().rev());
        }
        Ok(tokens)
    }

    /// Where to cut so that no special token is spelled whole: after the first character of each.
    ///
    /// A special token that stands for something unknown is no spelling, and stays.
    fn cuts(&self, piece: &str, tokens: &[Token]) -> tokenizers::Result<Vec<usize>> {
        let mut cuts = Vec::new();
        for token in tokens.iter().filter(|token| self.is_special(token.id)) {
            let (start, end) = token.offsets;
            let Some(spelled) = piece.get(start..end).filter(|text| *text == token.value) else { continue };
            match spelled.char_indices().nth(1) {
                Some((first, _)) => cuts.push(start + first),
                None => return Err(format!("{spelled:?} is a special token and cannot be text").into()),
            }
        }
        Ok(cuts)
    }

    #[cfg(test)]
    pub(crate) fn to_json(&self) -> String {
        self.inner.to_string(false).unwrap()
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").field("vocabulary_size", &self.vocabulary_size()).finish_non_exhaustive()
    }
}

fn unusable(problem: &(impl ToString + ?Sized)) -> ModelError {
    ModelError::Tokenizer { problem: problem.to_string() }
}

#[cfg(test)]
mod tests;
