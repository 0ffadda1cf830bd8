//! Attention over the cache, with rotary position embedding.

use std::io::{Read, Seek};

use super::{Decoder, Order, Stack};
use crate::{
    ModelError,
    import::llama::{ROPE_FACTORS, in_layer},
    onnx::{Element, Node},
};

const COSINES: &str = "rotary.cosines";
const SINES: &str = "rotary.sines";

impl<R: Read + Seek> Decoder<'_, '_, '_, R> {
    pub(super) fn attention(&mut self, layer: u32, input: &str) -> Result<String, ModelError> {
        let name = format!("layers.{layer}");
        let by_head = Order::Heads(self.llama.head_dim.into());
        let stack = [
            self.part(&in_layer(layer, "attn_q"), by_head)?,
            self.part(&in_layer(layer, "attn_k"), by_head)?,
            self.part(&in_layer(layer, "attn_v"), Order::Plain)?,
        ];
        let qkv = self.product(&format!("{name}.qkv"), input, &Stack(&stack))?;
        let [past_key, past_value] = ["key", "value"].map(|half| format!("past_key_values.{layer}.{half}"));
        let [key, value] = ["key", "value"].map(|half| format!("present.{layer}.{half}"));
        let lengths = ["seqlens_k", "total_sequence_length"];
        let node = Node::microsoft("GroupQueryAttention")
            // Keys and values come packed behind the queries.
            .inputs(&[&qkv, "", "", &past_key, &past_value, lengths[0], lengths[1], COSINES, SINES])
            .outputs(&[&format!("{name}.attention"), &key, &value])
            .int("num_heads", self.llama.heads.into())
            .int("kv_num_heads", self.llama.kv_heads.into())
            .int("do_rotary", 1);
        Ok(self.graph.add(node))
    }

    /// Cosine and sine of every position's angle with every frequency: two tables of `context` by `head_dim / 2`.
    pub(super) fn write_rotary_tables(&mut self) -> Result<(), ModelError> {
        let frequencies = self.frequencies()?;
        self.write_table(COSINES, &frequencies, f32::cos)?;
        self.write_table(SINES, &frequencies, f32::sin)
    }

    fn write_table(&mut self, name: &str, frequencies: &[f32], of: fn(f32) -> f32) -> Result<(), ModelError> {
        let context = self.llama.context;
        let dims = [u64::from(context), frequencies.len() as u64];
        self.graph.external(name, Element::F32, &dims, |out| {
            (0..context).try_for_each(|position| {
                // In single precision, as in training.
                let row: Vec<f32> =
                    frequencies.iter().map(|frequency| of(position as f32 * frequency)).collect();
                out.write_floats(&row)
            })
        })
    }

    fn frequencies(&mut self) -> Result<Vec<f32>, ModelError> {
        let width = f64::from(self.llama.head_dim);
        let plain = (0..self.llama.head_dim / 2)
            .map(|pair| self.llama.rope_base.powf(-2.0 * f64::from(pair) / width) / self.llama.rope_scale);
        if !self.weights.gguf.tensors().contains_key(ROPE_FACTORS) {
            return Ok(plain.map(|frequency| frequency as f32).collect());
        }
        let plain: Vec<f64> = plain.collect();
        let factors = self.weights.read_vector(ROPE_FACTORS)?;
        if factors.iter().any(|factor| *factor < 1e-6) {
            return Err(ModelError::Malformed {
                what: format!("tensor {ROPE_FACTORS}"),
                found: "not positive throughout".into(),
                expected: "factors that frequencies can be divided by".into(),
            });
        }
        Ok(plain.iter().zip(&factors).map(|(plain, factor)| (plain / f64::from(*factor)) as f32).collect())
    }
}
