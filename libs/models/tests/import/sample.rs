//! A tiny sound model, and a writer of GGUF files that can be told to lie.

/// The type of a metadata value, as numbers in the file.
pub(crate) const U32: u32 = 4;
const F32: u32 = 6;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

pub(crate) const HIDDEN: u64 = 32;
pub(crate) const VOCABULARY: u64 = 8;

/// A tensor as its entry announces it, and its bytes.
#[derive(Clone)]
pub(crate) struct Tensor {
    pub(crate) name: Vec<u8>,
    pub(crate) dims: Vec<u64>,
    pub(crate) format: u32,
    /// Overrides where the entry says that the tensor is.
    pub(crate) offset: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

/// A file before it is written.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) magic: [u8; 4],
    pub(crate) version: u32,
    pub(crate) tensor_count: Option<u64>,
    pub(crate) key_count: Option<u64>,
    /// Keys with the encoded type and value.
    pub(crate) keys: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) tensors: Vec<Tensor>,
}

impl Default for Sample {
    /// One layer of two heads over one key/value head, with every encoding that we read.
    fn default() -> Self {
        let mut sample = Self {
            magic: *b"GGUF",
            version: 3,
            tensor_count: None,
            key_count: None,
            keys: Vec::new(),
            tensors: Vec::new(),
        };
        sample.add_keys();
        sample.add_tensors();
        sample
    }
}

impl Sample {
    fn add_keys(&mut self) {
        self.set("general.architecture", text("llama"));
        self.set("general.license", text("apache-2.0"));
        for (key, value) in [
            ("block_count", 1),
            ("context_length", 64),
            ("embedding_length", HIDDEN as u32),
            ("feed_forward_length", 64),
            ("attention.head_count", 2),
            ("attention.head_count_kv", 1),
            ("rope.dimension_count", 16),
        ] {
            self.set(&format!("llama.{key}"), integer(value));
        }
        self.set("llama.attention.layer_norm_rms_epsilon", float(1e-5));
        self.set("tokenizer.ggml.model", text("gpt2"));
        self.set("tokenizer.ggml.pre", text("smollm"));
        self.set("tokenizer.ggml.tokens", texts(&["<|end|>", "a", "b", "ab", "Ġ", "c", "Ġc", "<mine>"]));
        self.set("tokenizer.ggml.token_type", integers(&[3, 1, 1, 1, 1, 1, 1, 4]));
        self.set("tokenizer.ggml.merges", texts(&["a b", "Ġ c"]));
        self.set("tokenizer.ggml.bos_token_id", integer(0));
        self.set("tokenizer.ggml.eos_token_id", integer(0));
        self.set("tokenizer.chat_template", text("{% for m in messages %}{{ m.content }}{% endfor %}"));
    }

    fn add_tensors(&mut self) {
        self.add("token_embd.weight", &[HIDDEN, VOCABULARY], "Q8_0");
        self.add("output_norm.weight", &[HIDDEN], "F32");
        for (name, dims, format) in [
            ("attn_norm", &[32][..], "F32"),
            ("attn_q", &[32, 32], "Q4_1"),
            ("attn_k", &[32, 16], "Q4_0"),
            ("attn_v", &[32, 16], "F16"),
            ("attn_output", &[32, 32], "Q4_0"),
            ("ffn_norm", &[32], "F32"),
            ("ffn_gate", &[32, 64], "BF16"),
            ("ffn_up", &[32, 64], "Q8_0"),
            ("ffn_down", &[64, 32], "F32"),
        ] {
            self.add(&format!("blk.0.{name}.weight"), dims, format);
        }
    }

    /// Sets a key to an encoded value.
    pub(crate) fn set(&mut self, key: &str, value: Vec<u8>) {
        self.keys.retain(|(known, _)| known != key.as_bytes());
        self.keys.push((key.as_bytes().to_vec(), value));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.keys.retain(|(known, _)| known != key.as_bytes());
    }

    /// Adds a tensor whose blocks are all the same sound ones.
    pub(crate) fn add(&mut self, name: &str, dims: &[u64], format: &str) {
        let (format, weights, block) = block(format);
        let blocks = dims.iter().product::<u64>() / weights;
        let bytes = block.repeat(blocks as usize);
        self.tensors.push(Tensor { name: name.into(), dims: dims.to_vec(), format, offset: None, bytes });
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name.as_bytes()).unwrap()
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend(self.tensor_count.unwrap_or(self.tensors.len() as u64).to_le_bytes());
        out.extend(self.key_count.unwrap_or(self.keys.len() as u64).to_le_bytes());
        for (key, value) in &self.keys {
            out.extend(prefixed(key));
            out.extend(value);
        }
        let mut data = Vec::new();
        for tensor in &self.tensors {
            data.resize(data.len().next_multiple_of(32), 0);
            out.extend(prefixed(&tensor.name));
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            out.extend(tensor.dims.iter().flat_map(|dim| dim.to_le_bytes()));
            out.extend(tensor.format.to_le_bytes());
            out.extend(tensor.offset.unwrap_or(data.len() as u64).to_le_bytes());
            data.extend(&tensor.bytes);
        }
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(data);
        out
    }
}

/// Number, weights and bytes of one block of an encoding.
fn block(format: &str) -> (u32, u64, Vec<u8>) {
    let half = |number: f32| half::f16::from_f32(number).to_le_bytes().to_vec();
    match format {
        "F32" => (0, 1, 0.5f32.to_le_bytes().to_vec()),
        "F16" => (1, 1, half(0.25)),
        "BF16" => (30, 1, half::bf16::from_f32(-0.5).to_le_bytes().to_vec()),
        "Q8_0" => (8, 32, [half(0.01), vec![100; 32]].concat()),
        "Q4_0" => (2, 32, [half(0.1), vec![0x3a; 16]].concat()),
        "Q4_1" => (3, 32, [half(0.1), half(-0.7), vec![0x3a; 16]].concat()),
        other => unreachable!("{other}"),
    }
}

pub(crate) fn integer(value: u32) -> Vec<u8> {
    typed(U32, &value.to_le_bytes())
}

pub(crate) fn float(value: f32) -> Vec<u8> {
    typed(F32, &value.to_le_bytes())
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    typed(STRING, &prefixed(value.as_bytes()))
}

pub(crate) fn texts(values: &[&str]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| prefixed(value.as_bytes())).collect();
    array(STRING, values.len() as u64, &bytes)
}

pub(crate) fn integers(values: &[i32]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    array(5, values.len() as u64, &bytes)
}

/// An array that says it has `count` elements.
pub(crate) fn array(kind: u32, count: u64, elements: &[u8]) -> Vec<u8> {
    typed(ARRAY, &[&kind.to_le_bytes()[..], &count.to_le_bytes(), elements].concat())
}

/// A value with the number of its type.
pub(crate) fn typed(kind: u32, value: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes(), value].concat()
}

fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u64).to_le_bytes(), bytes].concat()
}
