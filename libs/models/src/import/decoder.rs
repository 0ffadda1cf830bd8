//! The graph of a Llama decoder, written layer by layer while its weights go by.
//!
//! | input | | |
//! |---|---|---|
//! | `input_ids` | int64 | `[rows, tokens]` |
//! | `past_key_values.{l}.key`, `.value` | float32 | `[rows, kv_heads, capacity, head_dim]` |
//! | `seqlens_k` | int32 | `[rows]`: the length of each row less one, these tokens counted |
//! | `total_sequence_length` | int32 | a scalar: the longest row, or more |
//!
//! | output | | |
//! |---|---|---|
//! | `logits` | float32 | `[rows, 1, vocabulary]`, of the last token of each row |
//! | `present.{l}.key`, `.value` | float32 | as the past, whose memory they may share |

mod attention;
mod product;

use std::io::{Read, Seek};

use super::{
    lines::Bits,
    llama::{EMBEDDING, Llama, OUTPUT, OUTPUT_NORM, in_layer},
    weights::{Order, Stack, Weights},
};
use crate::{
    ModelError, Precision,
    gguf::{LINE, Tensor},
    onnx::{Dimension, Element, Graph, Node},
    recorded_file::RecordedFile,
};

const LAST_TOKEN: &str = "last_token";

/// Writes the large tensors into `data` and returns it with the encoded graph.
pub(super) fn write<R: Read + Seek>(
    llama: &Llama,
    precision: Precision,
    weights: Weights<'_, '_, R>,
    data: RecordedFile,
) -> Result<(Vec<u8>, RecordedFile), ModelError> {
    let bits = match precision {
        Precision::Fp32 => None,
        Precision::Int8 => Some(Bits::Eight),
        Precision::Int4 => Some(Bits::Four),
    };
    let mut decoder = Decoder { llama, bits, weights, graph: Graph::new("llama", data) };
    decoder.declare();
    decoder.write_rotary_tables()?;
    let mut stream = decoder.embed()?;
    for layer in 0..llama.layers {
        stream = decoder.layer(layer, stream)?;
    }
    decoder.head(&stream.normed)?;
    Ok(decoder.graph.finish())
}

struct Decoder<'a, 'w, 'm, R> {
    llama: &'a Llama,
    /// Bits of a weight in the layers; none for floats.
    bits: Option<Bits>,
    weights: Weights<'w, 'm, R>,
    graph: Graph,
}

/// What one block hands to the next: the names of the residual stream and of its norm.
struct Stream {
    residual: String,
    normed: String,
}

impl<R: Read + Seek> Decoder<'_, '_, '_, R> {
    fn declare(&mut self) {
        let (rows, tokens) = (|| Dimension::Named("rows"), || Dimension::Named("tokens"));
        let cache = |capacity| {
            let (heads, width) = (self.llama.kv_heads.into(), self.llama.head_dim.into());
            [rows(), Dimension::Size(heads), Dimension::Named(capacity), Dimension::Size(width)]
        };
        self.graph.input("input_ids", Element::I64, &[rows(), tokens()]);
        self.graph.input("seqlens_k", Element::I32, &[rows()]);
        self.graph.input("total_sequence_length", Element::I32, &[]);
        let vocabulary = Dimension::Size(self.llama.vocabulary.into());
        self.graph.output("logits", Element::F32, &[rows(), Dimension::Size(1), vocabulary]);
        for layer in 0..self.llama.layers {
            for half in ["key", "value"] {
                self.graph.input(
                    &format!("past_key_values.{layer}.{half}"),
                    Element::F32,
                    &cache("capacity"),
                );
                self.graph.output(&format!("present.{layer}.{half}"), Element::F32, &cache("capacity"));
            }
        }
        self.graph.integers(LAST_TOKEN, &[-1]);
    }

    /// Looks the tokens up and norms them for the first layer.
    ///
    /// A quantised embedding stays so and is decoded by the row: as floats it would be the largest part of a small
    /// model. It has eight bits in int4 packages too, as has the head.
    fn embed(&mut self) -> Result<Stream, ModelError> {
        let (hidden, vocabulary) = (u64::from(self.llama.hidden), u64::from(self.llama.vocabulary));
        self.write_vocabulary_matrix("embedding", EMBEDDING)?;
        let gather = if self.bits.is_none() {
            Node::standard("Gather").inputs(&["embedding.weight", "input_ids"])
        } else {
            // The lookup wants whole rows where the product of a tied head wants lines.
            let rows = if self.llama.tied { "embedding.rows" } else { "embedding.quants" };
            self.graph.reshape("embedding.quants", rows, &[vocabulary, hidden]);
            Node::microsoft("GatherBlockQuantized")
                .inputs(&[rows, "input_ids", "embedding.scales"])
                .int("bits", Bits::Eight.count())
                .int("block_size", LINE as u64)
                .int("quantize_axis", 1)
        };
        let residual = self.graph.add(gather.outputs(&["embedding"]));
        let weight = self.norm_weight(&in_layer(0, "attn_norm"))?;
        let norm = Node::standard("SimplifiedLayerNormalization")
            .inputs(&[&residual, &weight])
            .outputs(&["embedding.norm"])
            .last_axis()
            .float("epsilon", self.llama.epsilon);
        let normed = self.graph.add(norm);
        Ok(Stream { residual, normed })
    }

    fn layer(&mut self, layer: u32, stream: Stream) -> Result<Stream, ModelError> {
        let name = format!("layers.{layer}");
        let is_last = layer + 1 == self.llama.layers;
        let mut residual = stream.residual;
        let mut attended = self.attention(layer, &stream.normed)?;
        if is_last {
            // From here on only the last token of each row matters: attention was the last to mix tokens.
            residual = self.last_token(&residual, &format!("{name}.residual"));
            attended = self.last_token(&attended, &format!("{name}.attended"));
        }
        let output =
            self.product_of(&in_layer(layer, "attn_output"), &format!("{name}.output"), &attended)?;
        let stream =
            self.add_and_norm(&format!("{name}.middle"), [&residual, &output], &in_layer(layer, "ffn_norm"))?;
        let gated = self.gated_unit(layer, &stream.normed)?;
        let down = self.product_of(&in_layer(layer, "ffn_down"), &format!("{name}.down"), &gated)?;
        let next = if is_last { OUTPUT_NORM.to_owned() } else { in_layer(layer + 1, "attn_norm") };
        self.add_and_norm(&format!("{name}.end"), [&stream.residual, &down], &next)
    }

    /// `silu(gate(x)) * up(x)`, both products in one.
    fn gated_unit(&mut self, layer: u32, input: &str) -> Result<String, ModelError> {
        let name = format!("layers.{layer}");
        let stack = [
            self.part(&in_layer(layer, "ffn_gate"), Order::Plain)?,
            self.part(&in_layer(layer, "ffn_up"), Order::Plain)?,
        ];
        let both = self.product(&format!("{name}.gate_up"), input, &Stack(&stack))?;
        let (gate, up, silu) = (format!("{name}.gate"), format!("{name}.up"), format!("{name}.silu"));
        let split =
            Node::standard("Split").inputs(&[&both]).outputs(&[&gate, &up]).last_axis().int("num_outputs", 2);
        self.graph.add(split);
        self.graph.add(Node::microsoft("QuickGelu").inputs(&[&gate]).outputs(&[&silu]).float("alpha", 1.0));
        Ok(self.graph.add(Node::standard("Mul").inputs(&[&silu, &up]).outputs(&[&format!("{name}.gated")])))
    }

    fn add_and_norm(&mut self, name: &str, sum: [&str; 2], norm: &str) -> Result<Stream, ModelError> {
        let weight = self.norm_weight(norm)?;
        let residual = format!("{name}.residual");
        let node = Node::microsoft("SkipSimplifiedLayerNormalization")
            .inputs(&[sum[0], sum[1], &weight])
            .outputs(&[&format!("{name}.norm"), "", "", &residual])
            .float("epsilon", self.llama.epsilon);
        let normed = self.graph.add(node);
        Ok(Stream { residual, normed })
    }

    fn head(&mut self, input: &str) -> Result<(), ModelError> {
        let name = if self.llama.tied { "embedding" } else { "head" };
        if !self.llama.tied {
            self.write_vocabulary_matrix(name, OUTPUT)?;
        }
        let shape = [u64::from(self.llama.hidden), u64::from(self.llama.vocabulary)];
        let node = match self.bits {
            None => product::floats(input, &format!("{name}.weight")),
            Some(_) => product::quantised(input, name, shape, Bits::Eight),
        };
        self.graph.add(node.outputs(&["logits"]));
        Ok(())
    }

    /// A matrix with a row for each token, in floats or eight bits.
    fn write_vocabulary_matrix(&mut self, name: &str, tensor: &str) -> Result<(), ModelError> {
        let stack = [self.part(tensor, Order::Plain)?];
        match self.bits {
            None => self.weights.write_floats(&mut self.graph, &format!("{name}.weight"), &Stack(&stack)),
            Some(_) => self.write_quantised(name, &Stack(&stack), Bits::Eight).map(|_| ()),
        }
    }

    fn last_token(&mut self, input: &str, name: &str) -> String {
        let node = Node::standard("Gather").inputs(&[input, LAST_TOKEN]).outputs(&[name]).int("axis", 1);
        self.graph.add(node)
    }

    fn norm_weight(&mut self, tensor: &str) -> Result<String, ModelError> {
        let floats = self.weights.read_vector(tensor)?;
        self.graph.floats(tensor, &floats);
        Ok(tensor.to_owned())
    }

    fn part(&self, tensor: &str, order: Order) -> Result<(Tensor, Order), ModelError> {
        Ok((self.weights.gguf.tensor(tensor)?.clone(), order))
    }
}
