//! The bytes that each token stands for, in one block of memory.

use std::collections::BTreeMap;

use tokenizers::{DecoderWrapper, PreTokenizerWrapper};

use super::unusable;
use crate::ModelError;

/// Highest id that a vocabulary may have; the largest known vocabularies have a sixteenth of it. A table over all ids
/// is made, so one huge id in a file must not ask for gigabytes.
const MAX_ID: u32 = 1 << 22;

/// `SentencePiece`'s sign for a space.
const SPACE: char = '▁';

/// The bytes of each token by its id.
pub(super) struct TokenBytes {
    block: Vec<u8>,
    /// Where each token's bytes end in the block; they begin where those of the id before end.
    ends: Vec<u32>,
}

impl TokenBytes {
    /// The bytes of every token of a tokenizer.
    pub(super) fn of(tokenizer: &tokenizers::Tokenizer) -> Result<Self, ModelError> {
        let spelling = Spelling::of(tokenizer)?;
        let added = tokenizer.get_added_tokens_decoder();
        let mut tokens = BTreeMap::new();
        for (text, id) in tokenizer.get_vocab(true) {
            if id > MAX_ID {
                return Err(unusable(&format!("the token {text:?} has id {id}, expected at most {MAX_ID}")));
            }
            let bytes = match added.get(&id) {
                Some(token) if token.special => Vec::new(),
                Some(token) => token.content.clone().into_bytes(),
                None => spelling.bytes(&text),
            };
            tokens.insert(id, bytes);
        }
        Ok(Self::collect(tokens))
    }

    /// Takes tokens in the order of their ids. Ids between them stand for nothing.
    pub(super) fn collect(tokens: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Self {
        let mut all = Self { block: Vec::new(), ends: Vec::new() };
        for (id, bytes) in tokens {
            all.ends.resize(id as usize, all.block.len() as u32);
            all.block.extend(bytes);
            all.ends.push(all.block.len() as u32);
        }
        all
    }

    /// The bytes of a token; none for an id that does not exist.
    pub(super) fn get(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(end) = self.ends.get(id) else { return &[] };
        let start = id.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.block.get(start as usize..*end as usize).unwrap_or_default()
    }

    /// One more than the highest id.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// How a vocabulary spells bytes as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// Each byte is one character of a fixed alphabet of 256, as GPT-2 began.
    ByteLevel,
    /// Text with `▁` for a space, and `<0x0A>` for single bytes.
    SentencePiece,
    /// Text as it is.
    Plain,
}

impl Spelling {
    fn of(tokenizer: &tokenizers::Tokenizer) -> Result<Self, ModelError> {
        let Some(decoder) = tokenizer.get_decoder() else {
            let byte_level = tokenizer.get_pre_tokenizer().is_some_and(splits_bytes);
            return Ok(if byte_level { Self::ByteLevel } else { Self::Plain });
        };
        let mut spelling = Self::Plain;
        for step in steps(decoder) {
            match step {
                DecoderWrapper::ByteLevel(_) => return Ok(Self::ByteLevel),
                DecoderWrapper::Metaspace(_)
                | DecoderWrapper::ByteFallback(_)
                | DecoderWrapper::Replace(_) => {
                    spelling = Self::SentencePiece;
                }
                DecoderWrapper::Fuse(_) | DecoderWrapper::Strip(_) => {}
                other => {
                    let kind = format!("{other:?}")
                        .chars()
                        .take_while(char::is_ascii_alphanumeric)
                        .collect::<String>();
                    return Err(unusable(&format!(
                        "its decoder is {kind}; byte-level and SentencePiece vocabularies can be used"
                    )));
                }
            }
        }
        Ok(spelling)
    }

    fn bytes(self, token: &str) -> Vec<u8> {
        match self {
            // A token outside the alphabet can only have been meant as it is.
            Self::ByteLevel => {
                token.chars().map(byte_of).collect::<Option<_>>().unwrap_or_else(|| token.into())
            }
            Self::SentencePiece => match single_byte(token) {
                Some(byte) => vec![byte],
                None => token.replace(SPACE, " ").into_bytes(),
            },
            Self::Plain => token.into(),
        }
    }
}

fn steps(decoder: &DecoderWrapper) -> &[DecoderWrapper] {
    match decoder {
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders(),
        single => std::slice::from_ref(single),
    }
}

fn splits_bytes(splitter: &PreTokenizerWrapper) -> bool {
    match splitter {
        PreTokenizerWrapper::ByteLevel(_) => true,
        PreTokenizerWrapper::Sequence(sequence) => sequence.as_ref().iter().any(splits_bytes),
        _ => false,
    }
}

/// The byte that `<0x0A>` stands for.
fn single_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    let two_digits = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    two_digits.then(|| u8::from_str_radix(digits, 16).ok())?
}

/// The letter of the byte-level alphabet that stands for a byte: itself where it prints, else one of the characters
/// from U+0100 on, in the order of the bytes.
pub(super) fn character_of(byte: u8) -> char {
    match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        0..=0x20 => shifted(byte),
        0x7F..=0xA0 => shifted(byte - 0x7F + 0x21),
        0xAD => shifted(0x43),
    }
}

fn shifted(index: u8) -> char {
    char::from_u32(0x100 + u32::from(index)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn byte_of(letter: char) -> Option<u8> {
    let index = u32::from(letter);
    let byte = match index {
        0x100..=0x120 => index - 0x100,
        0x121..=0x142 => index - 0x121 + 0x7F,
        0x143 => 0xAD,
        _ => index,
    };
    u8::try_from(byte).ok().filter(|byte| character_of(*byte) == letter)
}

#[cfg(test)]
mod tests {
    use tokenizers::pre_tokenizers::byte_level::ByteLevel;

    use super::{Spelling, TokenBytes, byte_of, character_of};

    #[test]
    fn the_alphabet_is_that_of_byte_level_vocabularies() {
        let ours: std::collections::BTreeSet<char> = (0..=u8::MAX).map(character_of).collect();
        assert_eq!(ours, ByteLevel::alphabet().into_iter().collect());
        assert_eq!([character_of(b' '), character_of(b'\n')], ['Ġ', 'Ċ']);
        for byte in 0..=u8::MAX {
            assert_eq!(byte_of(character_of(byte)), Some(byte));
        }
        assert_eq!([byte_of(' '), byte_of('한'), byte_of('\u{144}')], [None; 3]);
    }

    #[test]
    fn sentence_pieces_give_spaces_and_single_bytes() {
        assert_eq!(Spelling::SentencePiece.bytes("▁the▁end"), b" the end");
        assert_eq!(Spelling::SentencePiece.bytes("<0xE2>"), [0xE2]);
        assert_eq!(Spelling::SentencePiece.bytes("<0xE2E>"), b"<0xE2E>");
        assert_eq!(Spelling::SentencePiece.bytes("<0x+1>"), b"<0x+1>");
    }

    #[test]
    fn gaps_between_ids_stand_for_nothing() {
        let table = TokenBytes::collect([(0, vec![1]), (3, vec![2, 3])]);
        let bytes: Vec<&[u8]> = (0..6).map(|id| table.get(id)).collect();
        assert_eq!(bytes, [&[1][..], &[], &[], &[2, 3], &[], &[]]);
        assert_eq!(table.len(), 4);
    }
}
