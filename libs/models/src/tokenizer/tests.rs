//! A small byte-level BPE and a small `SentencePiece` vocabulary, put to the test.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Specials, Tokenizer};
use crate::ModelError;

/// Texts that trip tokenizers up.
const TRICKY: [&str; 14] = [
    "",
    " ",
    "Hello, world!",
    "안녕하세요, 세계! 온돌은 따뜻하다.",
    "你好,世界。日本語もどうぞ",
    "👩‍👩‍👧‍👦 family 🇰🇷 flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "e\u{301} vs é, Z\u{351}\u{36b}\u{343}algo",
    "tab\there\r\nand\n\n\nthere",
    "many                                        spaces",
    "nul\0bell\u{7}escape\u{1b}[0m",
    "replacement \u{FFFD} noncharacter \u{FFFF} private \u{F0000}",
    "zero\u{200B}width\u{FEFF} and \u{202E}right to left",
    "<|im_end> <|im_end|", // begun, never ended
    "ĠĊ <0x0A> ▁",
];

/// Byte-level BPE with a few merges, two control tokens and one added word.
fn byte_level() -> Tokenizer {
    let mut file: Value = serde_json::from_str(&Tokenizer::bytes().to_json()).unwrap();
    let vocab = file["model"]["vocab"].as_object_mut().unwrap();
    for (id, token) in [(256, "he"), (257, "ll"), (258, "Ġw"), (259, "hell")] {
        vocab.insert(token.to_owned(), id.into());
    }
    file["model"]["merges"] = json!([["h", "e"], ["l", "l"], ["Ġ", "w"], ["he", "ll"]]);
    file["added_tokens"] =
        json!([special(260, "<|im_start|>"), special(261, "<|im_end|>"), added(262, "<tool>", false)]);
    load(&file).unwrap()
}

/// A Unigram vocabulary that holds its own control tokens as entries, with byte fallback.
fn sentence_piece() -> Tokenizer {
    let mut vocab = vec![json!(["<unk>", 0.0]), json!(["<s>", 0.0]), json!(["</s>", 0.0])];
    vocab.extend((0..=255).map(|byte| json!([format!("<0x{byte:02X}>"), -20.0])));
    for letter in "▁abcdefghijklmnopqrstuvwxyz<>/".chars() {
        vocab.push(json!([letter.to_string(), -10.0]));
    }
    vocab.push(json!(["▁the", -3.0]));
    let file = json!({
        "version": "1.0",
        "added_tokens": [special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")],
        "normalizer": null,
        "pre_tokenizer": {
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false
        },
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"}
        ]},
        "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": true, "vocab": vocab},
    });
    load(&file).unwrap()
}

fn special(id: u32, content: &str) -> Value {
    added(id, content, true)
}

fn added(id: u32, content: &str, special: bool) -> Value {
    json!({
        "id": id, "content": content, "special": special,
        "single_word": false, "lstrip": false, "rstrip": false, "normalized": false
    })
}

fn load(file: &Value) -> Result<Tokenizer, ModelError> {
    Tokenizer::from_json(file.to_string().as_bytes())
}

fn bytes_of(tokenizer: &Tokenizer, ids: &[u32]) -> Vec<u8> {
    ids.iter().flat_map(|id| tokenizer.token_bytes(*id)).copied().collect()
}

#[test]
fn every_text_comes_back_from_its_tokens() {
    for tokenizer in [Tokenizer::bytes(), byte_level()] {
        for text in TRICKY {
            let ids = tokenizer.encode(text, Specials::Text).unwrap();
            assert_eq!(bytes_of(&tokenizer, &ids), text.as_bytes(), "{text:?}");
        }
    }
}

#[test]
fn the_byte_tokenizer_gives_bytes() {
    let tokenizer = Tokenizer::bytes();
    assert_eq!(tokenizer.encode("hé", Specials::Parse).unwrap(), [b'h', 0xC3, 0xA9].map(u32::from));
    assert_eq!(tokenizer.encode("a<|end|>", Specials::Parse).unwrap(), [97, 256]);
    assert_eq!(tokenizer.token_bytes(0xA9), [0xA9]);
    assert!(tokenizer.is_special(256) && tokenizer.token_bytes(256).is_empty());
    assert_eq!(tokenizer.vocabulary_size(), 257);
}

#[test]
fn merges_are_applied() {
    let tokenizer = byte_level();
    assert_eq!(tokenizer.encode("hello w", Specials::Text).unwrap(), [259, u32::from(b'o'), 258]);
    assert_eq!(tokenizer.token_bytes(258), b" w");
}

#[test]
fn special_tokens_are_parsed_only_where_asked() {
    let tokenizer = byte_level();
    let text = "<|im_start|>hell<|im_end|>";
    assert_eq!(tokenizer.encode(text, Specials::Parse).unwrap(), [260, 259, 261]);
    let plain = tokenizer.encode(text, Specials::Text).unwrap();
    assert!(plain.iter().all(|id| !tokenizer.is_special(*id)));
    assert_eq!(bytes_of(&tokenizer, &plain), text.as_bytes());
}

#[test]
fn an_added_word_that_is_not_special_is_a_token_in_any_text() {
    let tokenizer = byte_level();
    assert_eq!(tokenizer.encode("<tool>", Specials::Text).unwrap(), [262]);
    assert_eq!(tokenizer.token_bytes(262), b"<tool>");
    assert!(!tokenizer.is_special(262));
}

#[test]
fn sentence_pieces_come_back_behind_one_space() {
    let tokenizer = sentence_piece();
    for text in TRICKY.iter().filter(|text| !text.is_empty() && !text.starts_with(' ') && !text.contains('▁'))
    {
        let ids = tokenizer.encode(text, Specials::Text).unwrap();
        assert_eq!(bytes_of(&tokenizer, &ids), format!(" {text}").as_bytes(), "{text:?}");
    }
}

#[test]
fn a_control_token_in_the_models_own_vocabulary_stays_text() {
    let tokenizer = sentence_piece();
    assert_eq!(tokenizer.encode("the</s>", Specials::Parse).unwrap().last(), Some(&2));
    for text in ["the</s>the", "</s>", "</s></s><s>", "<<s>/s>"] {
        let ids = tokenizer.encode(text, Specials::Text).unwrap();
        assert!(ids.iter().all(|id| !tokenizer.is_special(*id)), "{text}: {ids:?}");
        assert_eq!(bytes_of(&tokenizer, &ids), format!(" {text}").as_bytes());
    }
}

#[test]
fn specials_that_ask_to_match_normalised_text_match_as_spelled() {
    let mut file: Value = serde_json::from_str(&byte_level().to_json()).unwrap();
    file["normalizer"] = json!({"type": "Lowercase"});
    let tokens = file["added_tokens"].as_array_mut().unwrap();
    for token in tokens {
        token["normalized"] = true.into();
    }
    let tokenizer = load(&file).unwrap();
    assert_eq!(tokenizer.encode("<|im_end|>", Specials::Parse).unwrap(), [261]);
    let plain = tokenizer.encode("<|IM_end|>", Specials::Parse).unwrap();
    assert!(!plain.contains(&261));
    // The word that is not special keeps what it asked for.
    assert_eq!(tokenizer.encode("<TOOL>", Specials::Parse).unwrap(), [262]);
}

#[test]
fn unusable_files_are_refused_by_name() {
    let good: Value = serde_json::from_str(&byte_level().to_json()).unwrap();
    let with = |change: fn(&mut Value)| {
        let mut file = good.clone();
        change(&mut file);
        load(&file).expect_err("must be refused").to_string()
    };
    assert!(with(|file| file["added_tokens"][0]["id"] = 7.into()).contains("<|im_start|>"));
    assert!(with(|file| file["model"]["vocab"]["he"] = u32::MAX.into()).contains("expected at most"));
    assert!(
        with(|file| file["decoder"] = json!({"type": "WordPiece", "prefix": "#", "cleanup": true}))
            .contains("WordPiece")
    );
    for text in ["", "{}", "[]", "{\"version\": \"1.0\"}", "not json"] {
        assert!(Tokenizer::from_json(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn unknown_ids_are_no_bytes() {
    let tokenizer = byte_level();
    for id in [263, 10_000, u32::MAX] {
        assert!(tokenizer.token_bytes(id).is_empty() && !tokenizer.is_special(id));
    }
}

proptest! {
    #[test]
    fn tokens_spell_exactly_what_was_encoded(text in any::<String>()) {
        let tokenizer = byte_level();
        let ids = tokenizer.encode(&text, Specials::Text).unwrap();
        prop_assert_eq!(bytes_of(&tokenizer, &ids), text.as_bytes());
    }

    #[test]
    fn no_text_becomes_a_special_token(
        parts in prop::collection::vec(prop::sample::select(vec!["<", "/", "s", ">", "</s>", "<s>", "a", " ", "한"]), 0..20),
    ) {
        let tokenizer = sentence_piece();
        let ids = tokenizer.encode(&parts.concat(), Specials::Text).unwrap();
        prop_assert!(ids.iter().all(|id| !tokenizer.is_special(*id)));
    }
}
