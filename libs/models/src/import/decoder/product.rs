//! Products with weights, in each precision.

use std::io::{Read, Seek};

use super::{super::lines::LineEncoder, Bits, Decoder, Order, Stack};
use crate::{ModelError, gguf::LINE, onnx::Node};

impl<R: Read + Seek> Decoder<'_, '_, '_, R> {
    /// The product of `input` with one tensor.
    pub(super) fn product_of(&mut self, tensor: &str, name: &str, input: &str) -> Result<String, ModelError> {
        let stack = [self.part(tensor, Order::Plain)?];
        self.product(name, input, &Stack(&stack))
    }

    /// The product of `input` [.., columns] with a stack of tensors: [.., rows].
    pub(super) fn product(
        &mut self,
        name: &str,
        input: &str,
        stack: &Stack<'_>,
    ) -> Result<String, ModelError> {
        let Some(bits) = self.bits else {
            let weight = format!("{name}.weight");
            self.weights.write_floats(&mut self.graph, &weight, stack)?;
            return Ok(self.graph.add(floats(input, &weight).outputs(&[name])));
        };
        let centred = self.write_quantised(name, stack, bits)?;
        let node = quantised(input, name, [stack.columns(), stack.rows()], bits);
        if centred {
            return Ok(self.graph.add(node.outputs(&[name])));
        }
        let (rounded, rest) = (format!("{name}.rounded"), format!("{name}.rest"));
        self.graph.add(node.outputs(&[&rounded]));
        self.remainder(name, input, stack.columns(), &rest);
        Ok(self.graph.add(Node::standard("Add").inputs(&[&rounded, &rest]).outputs(&[name])))
    }

    /// What lines add beyond `scale * (quant - zero)`: the sum of the line's inputs, times its remainder. This keeps
    /// four-bit sources with a minimum exact. Zero points would too, but only whole ones are fast, and rounding to
    /// whole ones costs a third of the perplexity.
    fn remainder(&mut self, name: &str, input: &str, columns: u64, output: &str) {
        let (shape, lines, sums) = (format!("{name}.shape"), format!("{name}.lines"), format!("{name}.sums"));
        // Zeros keep the first two dimensions.
        self.graph.integers(&shape, &[0, 0, columns as i64 / LINE as i64, LINE as i64]);
        let axis = format!("{name}.axis");
        self.graph.integers(&axis, &[-1]);
        self.graph.add(Node::standard("Reshape").inputs(&[input, &shape]).outputs(&[&lines]));
        let sum = Node::standard("ReduceSum").inputs(&[&lines, &axis]).outputs(&[&sums]).int("keepdims", 0);
        self.graph.add(sum);
        self.graph.add(floats(&sums, &format!("{name}.remainders")).outputs(&[output]));
    }

    /// Writes `{name}.quants`, `{name}.scales` and, unless it returns true, `{name}.remainders`.
    pub(super) fn write_quantised(
        &mut self,
        name: &str,
        stack: &Stack<'_>,
        bits: Bits,
    ) -> Result<bool, ModelError> {
        let encoder = LineEncoder::new(bits);
        let encoder =
            self.weights.write_quants(&mut self.graph, &format!("{name}.quants"), stack, encoder)?;
        let dims = [stack.rows(), stack.columns() / LINE as u64];
        self.graph.external_floats(&format!("{name}.scales"), &dims, &encoder.scales)?;
        if !encoder.is_centred() {
            self.graph.external_floats(&format!("{name}.remainders"), &dims, &encoder.remainders)?;
        }
        Ok(encoder.is_centred())
    }
}

/// A product with the transpose of a matrix of floats: our rows are outputs.
pub(super) fn floats(input: &str, weight: &str) -> Node {
    Node::microsoft("FusedMatMul").inputs(&[input, weight]).int("transB", 1)
}

/// A product with `{name}.quants` and `{name}.scales`, for `[columns, rows]`.
pub(super) fn quantised(input: &str, name: &str, shape: [u64; 2], bits: Bits) -> Node {
    Node::microsoft("MatMulNBits")
        .inputs(&[input, &format!("{name}.quants"), &format!("{name}.scales")])
        .int("K", shape[0])
        .int("N", shape[1])
        .int("bits", bits.count())
        .int("block_size", LINE as u64)
        // Inputs are rounded to eight bits by the line. The other levels take a hundred times as long on a CPU.
        .int("accuracy_level", 4)
}
