//! The Llama architecture as a GGUF file describes it: dimensions, and the tensors that must and may be there.

use std::{
    collections::BTreeSet,
    io::{Read, Seek},
};

use crate::{
    Decoder, ModelError, Precision,
    gguf::{Gguf, LINE, Metadata},
};

const MAX_CONTEXT: u32 = 1 << 20;

/// Bytes that rotary tables may have even where that is more than the model itself has.
const ALWAYS_ALLOWED: u64 = 64 << 20;

/// What attention kernels take: even halves of whole vectors, and no head larger than any in use.
const HEAD_DIM_STEP: u32 = 8;
const MAX_HEAD_DIM: u32 = 512;

pub(super) const EMBEDDING: &str = "token_embd.weight";
pub(super) const OUTPUT_NORM: &str = "output_norm.weight";
pub(super) const OUTPUT: &str = "output.weight";
pub(super) const ROPE_FACTORS: &str = "rope_freqs.weight";

/// Dimensions and constants of one model.
#[derive(Clone, Debug)]
pub(super) struct Llama {
    pub(super) layers: u32,
    pub(super) heads: u32,
    pub(super) kv_heads: u32,
    pub(super) head_dim: u32,
    /// Width of the residual stream.
    pub(super) hidden: u32,
    /// Width inside the gated unit.
    pub(super) feed_forward: u32,
    pub(super) vocabulary: u32,
    /// Longest sequence, in tokens.
    pub(super) context: u32,
    /// Added to the mean square in norms.
    pub(super) epsilon: f32,
    pub(super) rope_base: f64,
    /// Positions are divided by this.
    pub(super) rope_scale: f64,
    /// The embedding serves as the output head.
    pub(super) tied: bool,
}

impl Llama {
    /// Reads the dimensions, and checks that they can be served in this precision and that every tensor has them.
    pub(super) fn read<R: Read + Seek>(gguf: &Gguf<R>, precision: Precision) -> Result<Self, ModelError> {
        let metadata = gguf.metadata();
        let architecture = Metadata::required(ARCHITECTURE, metadata.text(ARCHITECTURE)?)?;
        if architecture != "llama" {
            return Err(unsupported("the architecture", architecture, "llama"));
        }
        let llama = Self::dimensions(gguf)?;
        llama.check_dimensions()?;
        llama.check_variant(metadata)?;
        llama.check_context(gguf.tensor_bytes())?;
        llama.check_tensors(gguf)?;
        if precision != Precision::Fp32 {
            llama.check_lines()?;
        }
        Ok(llama)
    }

    fn dimensions<R: Read + Seek>(gguf: &Gguf<R>) -> Result<Self, ModelError> {
        let metadata = gguf.metadata();
        let count = |key: &str| Metadata::required(key, metadata.count(key)?);
        let heads = count("llama.attention.head_count")?;
        let hidden = count("llama.embedding_length")?;
        let head_dim = match metadata.count("llama.attention.key_length")? {
            Some(length) => length,
            None if heads > 0 && hidden.is_multiple_of(heads) => hidden / heads,
            None => {
                let expected = "a divisor of llama.embedding_length";
                return Err(malformed("llama.attention.head_count", heads, expected));
            }
        };
        let epsilon = "llama.attention.layer_norm_rms_epsilon";
        Ok(Self {
            layers: count("llama.block_count")?,
            heads,
            kv_heads: metadata.count("llama.attention.head_count_kv")?.unwrap_or(heads),
            head_dim,
            hidden,
            feed_forward: count("llama.feed_forward_length")?,
            vocabulary: u32::try_from(gguf.tensor(EMBEDDING)?.rows).unwrap_or(u32::MAX),
            context: count("llama.context_length")?,
            epsilon: Metadata::required(epsilon, metadata.float(epsilon)?)? as f32,
            rope_base: metadata.float("llama.rope.freq_base")?.unwrap_or(10_000.0),
            rope_scale: rope_scale(metadata)?,
            tied: !gguf.tensors().contains_key(OUTPUT),
        })
    }

    fn check_dimensions(&self) -> Result<(), ModelError> {
        within("llama.block_count", self.layers, 4096)?;
        within("llama.attention.head_count", self.heads, 4096)?;
        within("llama.embedding_length", self.hidden, 1 << 20)?;
        within("llama.feed_forward_length", self.feed_forward, 1 << 20)?;
        within("llama.context_length", self.context, u32::MAX)?;
        within("the vocabulary", self.vocabulary, 1 << 24)?;
        if self.kv_heads == 0 || !self.heads.is_multiple_of(self.kv_heads) {
            let expected = format!("a divisor of the {} query heads", self.heads);
            return Err(malformed("llama.attention.head_count_kv", self.kv_heads, &expected));
        }
        if !self.head_dim.is_multiple_of(HEAD_DIM_STEP) || !(1..=MAX_HEAD_DIM).contains(&self.head_dim) {
            let supported = format!("multiples of {HEAD_DIM_STEP} up to {MAX_HEAD_DIM}");
            return Err(unsupported("the width of a head", &self.head_dim.to_string(), &supported));
        }
        if self.rope_base < 1.0 || self.rope_base > 1e12 {
            return Err(malformed("llama.rope.freq_base", self.rope_base, "a number from 1 to 1e12"));
        }
        if self.epsilon <= 0.0 || self.epsilon > 1.0 {
            let key = "llama.attention.layer_norm_rms_epsilon";
            return Err(malformed(key, self.epsilon, "a number above 0 and at most 1"));
        }
        Ok(())
    }

    /// Refuses relatives of the architecture that differ in more than dimensions.
    fn check_variant(&self, metadata: &Metadata) -> Result<(), ModelError> {
        if let Some(experts) = metadata.count("llama.expert_count")?.filter(|experts| *experts > 0) {
            return Err(unsupported("llama.expert_count", &experts.to_string(), "models without experts"));
        }
        for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
            if let Some(width) = metadata.count(key)?.filter(|width| *width != self.head_dim) {
                let supported = format!("the {} of the whole head", self.head_dim);
                return Err(unsupported(key, &width.to_string(), &supported));
            }
        }
        Ok(())
    }

    /// Keeps a small file from asking for huge tables of rotations.
    fn check_context(&self, tensor_bytes: u64) -> Result<(), ModelError> {
        let longest = tensor_bytes.max(ALWAYS_ALLOWED) / (u64::from(self.head_dim) * 4);
        if u64::from(self.context) > longest.min(MAX_CONTEXT.into()) {
            let supported = format!("at most {} in a file of this size", longest.min(MAX_CONTEXT.into()));
            return Err(unsupported("llama.context_length", &self.context.to_string(), &supported));
        }
        Ok(())
    }

    /// What the engine needs to know.
    pub(super) fn geometry(&self) -> Decoder {
        let Self { layers, heads, kv_heads, head_dim, hidden, vocabulary, .. } = *self;
        Decoder { layers, heads, kv_heads, head_dim, hidden, vocabulary }
    }

    /// Rows of the query product.
    pub(super) fn query(&self) -> u64 {
        u64::from(self.heads) * u64::from(self.head_dim)
    }

    /// Rows of the key product, and of the value product.
    pub(super) fn key_value(&self) -> u64 {
        u64::from(self.kv_heads) * u64::from(self.head_dim)
    }

    /// Every tensor of the architecture: its name, columns and rows.
    fn expected_tensors(&self) -> Vec<(String, u64, u64)> {
        let (hidden, feed_forward) = (u64::from(self.hidden), u64::from(self.feed_forward));
        let vocabulary = self.vocabulary.into();
        let mut expected =
            vec![(EMBEDDING.to_owned(), hidden, vocabulary), (OUTPUT_NORM.to_owned(), hidden, 1)];
        if !self.tied {
            expected.push((OUTPUT.to_owned(), hidden, vocabulary));
        }
        for layer in 0..self.layers {
            expected.extend([
                (in_layer(layer, "attn_norm"), hidden, 1),
                (in_layer(layer, "attn_q"), hidden, self.query()),
                (in_layer(layer, "attn_k"), hidden, self.key_value()),
                (in_layer(layer, "attn_v"), hidden, self.key_value()),
                (in_layer(layer, "attn_output"), self.query(), hidden),
                (in_layer(layer, "ffn_norm"), hidden, 1),
                (in_layer(layer, "ffn_gate"), hidden, feed_forward),
                (in_layer(layer, "ffn_up"), hidden, feed_forward),
                (in_layer(layer, "ffn_down"), feed_forward, hidden),
            ]);
        }
        expected
    }

    /// All that must be there is, in the right shape, and there is nothing whose effect we would silently leave out.
    fn check_tensors<R: Read + Seek>(&self, gguf: &Gguf<R>) -> Result<(), ModelError> {
        if u64::from(self.layers) > gguf.tensors().len() as u64 {
            return Err(ModelError::Missing {
                what: format!("tensor {}", in_layer(self.layers - 1, "attn_q")),
            });
        }
        let mut known = BTreeSet::new();
        for (name, columns, rows) in self.expected_tensors() {
            gguf.tensor(&name)?.expect_shape(columns, rows)?;
            known.insert(name);
        }
        for (name, tensor) in gguf.tensors() {
            if name == ROPE_FACTORS {
                tensor.expect_shape(u64::from(self.head_dim) / 2, 1)?;
            } else if !known.contains(name) {
                return Err(unsupported("the list of tensors", name, "those of a plain llama model"));
            }
        }
        Ok(())
    }

    /// Quantised products take rows of whole lines.
    fn check_lines(&self) -> Result<(), ModelError> {
        for (what, width) in [
            ("llama.embedding_length", u64::from(self.hidden)),
            ("llama.feed_forward_length", u64::from(self.feed_forward)),
            ("the width of all heads", self.query()),
        ] {
            if !width.is_multiple_of(LINE as u64) {
                let supported = format!("multiples of {LINE} in int8 and int4; import it as fp32");
                return Err(unsupported(what, &width.to_string(), &supported));
            }
        }
        Ok(())
    }
}

const ARCHITECTURE: &str = "general.architecture";

/// The name of a layer's tensor.
pub(super) fn in_layer(layer: u32, tensor: &str) -> String {
    format!("blk.{layer}.{tensor}.weight")
}

/// The divisor of positions.
fn rope_scale(metadata: &Metadata) -> Result<f64, ModelError> {
    let kind = metadata.text("llama.rope.scaling.type")?.unwrap_or("none");
    let factor = metadata.float("llama.rope.scaling.factor")?;
    match kind {
        "none" => Ok(1.0),
        "linear" => match factor.unwrap_or(1.0) {
            factor if factor >= 1.0 => Ok(factor),
            factor => Err(malformed("llama.rope.scaling.factor", factor, "a number of at least 1")),
        },
        other => Err(unsupported("llama.rope.scaling.type", other, "none and linear")),
    }
}

fn within(what: &str, value: u32, most: u32) -> Result<(), ModelError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(malformed(what, value, &format!("1 to {most}")))
}

fn malformed(what: &str, found: impl Into<f64>, expected: &str) -> ModelError {
    ModelError::Malformed {
        what: what.to_owned(),
        found: found.into().to_string(),
        expected: expected.to_owned(),
    }
}

fn unsupported(what: &str, found: &str, supported: &str) -> ModelError {
    ModelError::Unsupported {
        what: what.to_owned(),
        found: found.to_owned(),
        supported: supported.to_owned(),
    }
}
