//! Files that lie, one lie each, and the error that each gets.

use models::ModelError;

use crate::{
    package::{Place, every_precision, refusal},
    sample::{HIDDEN, Sample, U32, VOCABULARY, array, float, integer, integers, text, texts, typed},
};

/// The sample after one change.
fn sample(change: impl FnOnce(&mut Sample)) -> Sample {
    let mut sample = Sample::default();
    change(&mut sample);
    sample
}

/// The part of the file that is called truncated.
fn truncated(change: impl FnOnce(&mut Sample)) -> String {
    match refusal(&sample(change)) {
        ModelError::Truncated { what, .. } => what,
        other => panic!("{other}"),
    }
}

/// The part of the file that is called malformed, and what was found there.
fn malformed(change: impl FnOnce(&mut Sample)) -> (String, String) {
    match refusal(&sample(change)) {
        ModelError::Malformed { what, found, .. } => (what, found),
        other => panic!("{other}"),
    }
}

/// The feature that is called unsupported, and what the file asks for.
fn unsupported(change: impl FnOnce(&mut Sample)) -> (String, String) {
    match refusal(&sample(change)) {
        ModelError::Unsupported { what, found, .. } => (what, found),
        other => panic!("{other}"),
    }
}

fn pair(what: &str, found: &str) -> (String, String) {
    (what.to_owned(), found.to_owned())
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = Sample::default().bytes();
    let place = Place::new(&Sample::default());
    // Every byte of the header, then some of the data.
    for length in (0..2_000).chain((2_000..whole.len()).step_by(97)) {
        std::fs::write(&place.source, &whole[..length]).unwrap();
        assert!(place.import(&models::import::Options::default()).is_err(), "{length}");
    }
    assert!(place.store.list().unwrap().is_empty());
}

#[test]
fn another_format_is_named() {
    assert_eq!(malformed(|s| s.magic = *b"PK\x03\x04").0, "the magic number");
    assert_eq!(unsupported(|s| s.version = 1).1, "1");
    assert_eq!(unsupported(|s| s.version = 3u32.swap_bytes()).1, "3 in big-endian byte order");
}

#[test]
fn counts_that_cannot_be_true_are_refused_before_memory_is_taken() {
    for count in [60_000, u64::MAX] {
        let key_count = refusal(&sample(|s| s.key_count = Some(count)));
        assert!(
            matches!(key_count, ModelError::Truncated { .. } | ModelError::Malformed { .. }),
            "{key_count}"
        );
        let tensor_count = refusal(&sample(|s| s.tensor_count = Some(count)));
        assert!(
            matches!(tensor_count, ModelError::Truncated { .. } | ModelError::Malformed { .. }),
            "{tensor_count}"
        );
        for kind in [0, U32, 8, 12] {
            assert_eq!(truncated(|s| s.set("x", array(kind, count, &[0; 8]))), "x");
        }
        assert_eq!(truncated(|s| s.set("x", typed(8, &count.to_le_bytes()))), "x");
    }
}

#[test]
fn offsets_and_sizes_that_overflow_are_refused() {
    let name = "blk.0.attn_q.weight";
    let what = format!("tensor {name}");
    for offset in [u64::MAX - 31, 1 << 63, 1 << 40] {
        assert_eq!(truncated(|s| s.tensor(name).offset = Some(offset)), what);
    }
    assert_eq!(malformed(|s| s.tensor(name).offset = Some(33)), (what.clone(), "at offset 33".into()));
    let huge = 1 << 62;
    assert_eq!(malformed(|s| s.tensor(name).dims = vec![32, huge, huge]).0, what);
    assert_eq!(malformed(|s| s.tensor(name).dims = vec![huge, huge]).0, what);
    assert_eq!(truncated(|s| s.tensor(name).dims = vec![32, 1 << 40]), what);
}

#[test]
fn dimensions_must_be_those_of_the_model() {
    let name = "blk.0.attn_q.weight";
    let what = format!("tensor {name}");
    for (dims, found) in [
        (vec![], "of 0 dimensions"),
        (vec![32, 1, 1, 1, 1], "of 5 dimensions"),
        (vec![0, 32], "empty"),
        (vec![32, 0], "empty"),
        (vec![16, 32], "16 wide"),
    ] {
        assert_eq!(malformed(|s| s.tensor(name).dims = dims), pair(&what, found));
    }
    let shape = malformed(|s| s.tensor(name).dims = vec![32, 16]);
    assert_eq!(shape, pair(&format!("the shape of tensor {name}"), "16 rows of 32"));
}

#[test]
fn names_must_be_unique_text() {
    let twice = refusal(&sample(|s| s.keys.push(s.keys[0].clone())));
    assert_eq!(twice.to_string(), "metadata key general.architecture occurs twice: the file is damaged");
    let twice = refusal(&sample(|s| s.tensors.push(s.tensors[0].clone())));
    assert_eq!(twice.to_string(), "tensor token_embd.weight occurs twice: the file is damaged");
    assert_eq!(malformed(|s| s.keys[3].0 = vec![0xff]), pair("metadata key 3", "not valid UTF-8"));
    assert_eq!(
        malformed(|s| s.tensors[1].name = vec![0xc3]),
        pair("the name of tensor 1", "not valid UTF-8")
    );
}

#[test]
fn strings_must_be_text() {
    assert_eq!(
        malformed(|s| s.set("x", typed(8, &[1, 0, 0, 0, 0, 0, 0, 0, 0x80]))),
        pair("x", "not valid UTF-8")
    );
    // The two halves of one character.
    let halves = [1, 0, 0, 0, 0, 0, 0, 0, 0xc3, 1, 0, 0, 0, 0, 0, 0, 0, 0xa4];
    assert_eq!(malformed(|s| s.set("x", array(8, 2, &halves))).1, "not valid UTF-8");
}

#[test]
fn values_must_have_the_type_of_their_key() {
    let key = "llama.block_count";
    let what = format!("metadata key {key}");
    assert_eq!(malformed(|s| s.set(key, text("1"))), pair(&what, "a string"));
    assert_eq!(malformed(|s| s.set(key, typed(5, &(-1i32).to_le_bytes()))), pair(&what, "the integer -1"));
    assert_eq!(malformed(|s| s.set(key, integers(&[1]))), pair(&what, "an array of numbers"));
    assert_eq!(malformed(|s| s.set(key, typed(13, &[]))), pair(&what, "of type 13"));
    assert_eq!(malformed(|s| s.set(key, array(9, 0, &[]))), pair(&what, "an array of arrays"));
    assert_eq!(malformed(|s| s.set("x", typed(7, &[2]))), pair("metadata key x", "the byte 2"));
    let epsilon = "llama.attention.layer_norm_rms_epsilon";
    assert_eq!(malformed(|s| s.set(epsilon, float(f32::NAN))).1, "the number NaN");
    for epsilon in [-1.0, 0.0, 2.0] {
        malformed(|s| s.set("llama.attention.layer_norm_rms_epsilon", float(epsilon)));
    }
}

#[test]
fn the_alignment_must_be_a_sane_power_of_two() {
    for alignment in [0, 1, 48, 1 << 31] {
        malformed(|s| s.set("general.alignment", integer(alignment)));
    }
}

#[test]
fn tensors_must_not_overlap() {
    let error = refusal(&sample(|s| s.tensor("blk.0.attn_v.weight").offset = Some(0)));
    let ModelError::Overlap { first, second } = error else { panic!("{error}") };
    let both = [first.as_str(), second.as_str()];
    assert!(both.contains(&"blk.0.attn_v.weight") && both.contains(&"token_embd.weight"));
}

#[test]
fn a_number_that_is_not_finite_is_refused_in_every_precision() {
    let nan = half::f16::NAN.to_le_bytes();
    let infinity = half::f16::INFINITY.to_le_bytes();
    for (tensor, at, bytes) in [
        ("token_embd.weight", 34, &nan[..]),
        ("blk.0.attn_q.weight", 0, &infinity),
        ("blk.0.attn_q.weight", 2, &nan),
        ("blk.0.attn_v.weight", 6, &infinity),
        ("blk.0.attn_norm.weight", 4, &f32::NAN.to_le_bytes()),
        ("blk.0.ffn_down.weight", 0, &f32::INFINITY.to_le_bytes()),
    ] {
        let place =
            Place::new(&sample(|s| s.tensor(tensor).bytes[at..at + bytes.len()].copy_from_slice(bytes)));
        for options in every_precision() {
            let error = place.import(&options).unwrap_err();
            assert!(matches!(&error, ModelError::NotFinite { tensor: found } if found == tensor), "{error}");
        }
        assert!(place.store.list().unwrap().is_empty());
    }
}

#[test]
fn what_we_lack_is_named() {
    assert_eq!(
        unsupported(|s| s.set("general.architecture", text("mamba"))),
        pair("the architecture", "mamba")
    );
    assert_eq!(unsupported(|s| s.tensors[0].format = 14).1, "Q6_K");
    assert_eq!(unsupported(|s| s.tensors[0].format = 99).1, "number 99");
    assert_eq!(unsupported(|s| s.set("llama.expert_count", integer(8))), pair("llama.expert_count", "8"));
    assert_eq!(unsupported(|s| s.set("llama.rope.scaling.type", text("yarn"))).1, "yarn");
    assert_eq!(
        unsupported(|s| s.set("llama.rope.dimension_count", integer(8))).0,
        "llama.rope.dimension_count"
    );
    assert_eq!(
        unsupported(|s| s.set("tokenizer.ggml.model", text("llama"))),
        pair("the tokenizer model", "llama")
    );
    assert_eq!(unsupported(|s| s.set("tokenizer.ggml.pre", text("poro"))).1, "poro");
    assert_eq!(unsupported(|s| s.remove("tokenizer.ggml.pre")).1, "missing");
    assert_eq!(unsupported(|s| s.add("blk.0.attn_q.bias", &[32], "F32")).1, "blk.0.attn_q.bias");
}

#[test]
fn what_a_model_needs_is_missed() {
    for key in
        ["general.architecture", "llama.context_length", "tokenizer.ggml.tokens", "tokenizer.ggml.merges"]
    {
        let error = refusal(&sample(|s| s.remove(key)));
        assert!(matches!(&error, ModelError::Missing { what } if what.ends_with(key)), "{error}");
    }
    let error = refusal(&sample(|s| s.tensors.retain(|tensor| tensor.name != b"blk.0.ffn_up.weight")));
    assert!(
        matches!(&error, ModelError::Missing { what } if what == "tensor blk.0.ffn_up.weight"),
        "{error}"
    );
    let error = refusal(&sample(|s| s.set("llama.block_count", integer(4_000))));
    assert!(matches!(&error, ModelError::Missing { .. }), "{error}");
}

#[test]
fn dimensions_beyond_reason_are_refused() {
    for (key, value) in [
        ("block_count", 0),
        ("block_count", 1 << 30),
        ("context_length", 0),
        ("attention.head_count", 0),
        ("attention.head_count", 5),
        ("attention.head_count_kv", 0),
        ("attention.head_count_kv", 3),
        ("embedding_length", u32::MAX),
        ("feed_forward_length", 0),
    ] {
        let error = refusal(&sample(|s| {
            s.remove("llama.rope.dimension_count");
            s.set(&format!("llama.{key}"), integer(value));
        }));
        assert!(
            matches!(error, ModelError::Malformed { .. } | ModelError::Missing { .. }),
            "{key} {value}: {error}"
        );
    }
    for base in [0.0, -1.0, f32::INFINITY, 1e30] {
        malformed(|s| s.set("llama.rope.freq_base", float(base)));
    }
    unsupported(|s| s.set("llama.attention.key_length", integer(4)));
    for context in [2_000_000, u32::MAX] {
        let (what, _) = unsupported(|s| s.set("llama.context_length", integer(context)));
        assert_eq!(what, "llama.context_length");
    }
}

#[test]
fn the_tokenizer_must_fit_itself_and_the_model() {
    let tokens = "tokenizer.ggml.tokens";
    malformed(|s| s.set(tokens, texts(&["a", "b"])));
    malformed(|s| s.set("tokenizer.ggml.token_type", integers(&[1; 7])));
    malformed(|s| s.set("tokenizer.ggml.token_type", integers(&[9; VOCABULARY as usize])));
    malformed(|s| s.set("tokenizer.ggml.eos_token_id", integer(VOCABULARY as u32)));
    for merge in ["a z", "ab", "", " ", "b a"] {
        assert_eq!(malformed(|s| s.set("tokenizer.ggml.merges", texts(&[merge]))).1, "not made of tokens");
    }
    let error = refusal(&sample(|s| s.set(tokens, texts(&["a", "b", "ab", "c", "Ġ", "Ġc", "a", "d"]))));
    assert!(matches!(&error, ModelError::Duplicate { .. }), "{error}");
    let error = refusal(&sample(|s| {
        s.remove("tokenizer.ggml.eos_token_id");
        s.set("tokenizer.ggml.token_type", integers(&[1; VOCABULARY as usize]));
    }));
    assert!(matches!(&error, ModelError::Missing { .. }), "{error}");
}

#[test]
fn a_chat_template_must_parse() {
    let error = refusal(&sample(|s| s.set("tokenizer.chat_template", text("{% for %}"))));
    assert!(error.to_string().contains("template"), "{error}");
}

#[test]
fn rows_of_part_lines_need_floats() {
    let mut odd = Sample::default();
    odd.set("llama.feed_forward_length", integer(48));
    for (name, dims) in [("ffn_gate", [HIDDEN, 48]), ("ffn_up", [HIDDEN, 48]), ("ffn_down", [48, HIDDEN])] {
        let name = format!("blk.0.{name}.weight");
        odd.tensors.retain(|tensor| tensor.name != name.as_bytes());
        odd.add(&name, &dims, "F32");
    }
    let place = Place::new(&odd);
    let [floats, int8, int4] = every_precision();
    place.import(&floats).unwrap();
    for options in [int8, int4] {
        let error = place.import(&options).unwrap_err();
        assert!(error.to_string().contains("import it as fp32"), "{error}");
    }
}
