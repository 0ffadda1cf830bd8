//! The tokenizer of plain bytes.

use tokenizers::{AddedToken, models::bpe::BPE, pre_tokenizers::byte_level::ByteLevel};

use super::{
    Tokenizer,
    token_bytes::{TokenBytes, character_of},
};

/// The one special token.
const END: &str = "<|end|>";

/// A byte-level BPE without merges: each byte stays alone.
pub(super) fn tokenizer() -> Tokenizer {
    let letters = (0..=u8::MAX).map(|byte| (character_of(byte).to_string(), u32::from(byte)));
    let mut inner = tokenizers::Tokenizer::new(BPE::new(letters.collect(), Vec::new()));
    inner.with_pre_tokenizer(Some(ByteLevel::new(false, false, false)));
    inner.with_decoder(Some(ByteLevel::default()));
    inner.add_special_tokens(&[AddedToken::from(END, true)]);
    let bytes = (0..=u8::MAX).map(|byte| (u32::from(byte), vec![byte]));
    let end = (u32::from(u8::MAX) + 1, Vec::new());
    Tokenizer::new(inner, TokenBytes::collect(bytes.chain([end])))
}
