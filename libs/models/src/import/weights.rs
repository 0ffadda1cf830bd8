//! Matrices on their way from the source to the graph: rows in, rows out, a piece at a time.

use std::io::{Read, Seek};

use super::{
    lines::LineEncoder,
    progress::{Meter, Step},
};
use crate::{
    ModelError,
    gguf::{Gguf, Tensor},
    onnx::{Element, Graph},
};

/// Source bytes that are in memory at once, unless one head of a rotated tensor is larger.
const PIECE: u64 = 256 << 10;

/// The order in which a tensor's rows are wanted.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// As they are.
    Plain,
    /// Within each head of this many rows, even rows first, then odd ones: llama.cpp interleaves the two halves that
    /// rotary position embedding turns, and attention kernels want them one after the other.
    Heads(u64),
}

/// One tensor, or several below each other.
pub(super) struct Stack<'a>(pub(super) &'a [(Tensor, Order)]);

impl Stack<'_> {
    pub(super) fn columns(&self) -> u64 {
        self.0.first().map_or(0, |(tensor, _)| tensor.columns)
    }

    pub(super) fn rows(&self) -> u64 {
        self.0.iter().map(|(tensor, _)| tensor.rows).sum()
    }
}

/// The open source, with the meter that shows how much of it has been read.
pub(super) struct Weights<'a, 'm, R> {
    pub(super) gguf: &'a mut Gguf<R>,
    pub(super) meter: &'a mut Meter<'m>,
}

impl<R: Read + Seek> Weights<'_, '_, R> {
    /// Writes the matrix as floats under `name`, one row of the stack after the other.
    pub(super) fn write_floats(
        &mut self,
        graph: &mut Graph,
        name: &str,
        stack: &Stack<'_>,
    ) -> Result<(), ModelError> {
        let mut floats = vec![0.0; stack.columns() as usize];
        graph.external(name, Element::F32, &[stack.rows(), stack.columns()], |out| {
            self.each_row(stack, |tensor, row| {
                decode_row(tensor, row, &mut floats)?;
                out.write_floats(&floats)
            })
        })
    }

    /// Writes the quants of the matrix under `name`, in the shape that `MatMulNBits` wants, and returns the encoder,
    /// which then holds scales and remainders of all lines.
    pub(super) fn write_quants(
        &mut self,
        graph: &mut Graph,
        name: &str,
        stack: &Stack<'_>,
        mut encoder: LineEncoder,
    ) -> Result<LineEncoder, ModelError> {
        let mut packed = Vec::new();
        graph.external(name, Element::U8, &encoder.shape(stack.rows(), stack.columns()), |out| {
            self.each_row(stack, |tensor, row| {
                packed.clear();
                encoder.encode(tensor, row, &mut packed)?;
                out.append(&packed)
            })
        })?;
        Ok(encoder)
    }

    /// A vector, decoded.
    pub(super) fn read_vector(&mut self, name: &str) -> Result<Vec<f32>, ModelError> {
        let tensor = self.gguf.tensor(name)?.clone();
        let mut floats = vec![0.0; tensor.columns as usize];
        self.each_row(&Stack(&[(tensor, Order::Plain)]), |tensor, row| decode_row(tensor, row, &mut floats))?;
        Ok(floats)
    }

    /// Calls `take` with every row of the stack, still encoded, in the wanted order.
    fn each_row(
        &mut self,
        stack: &Stack<'_>,
        mut take: impl FnMut(&Tensor, &[u8]) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        let mut buffer = Vec::new();
        for (tensor, order) in stack.0 {
            let size = tensor.row_bytes();
            let piece = order.piece(size);
            for first in (0..tensor.rows).step_by(piece as usize) {
                let count = piece.min(tensor.rows - first);
                self.gguf.read_rows(tensor, first, count, &mut buffer)?;
                let rows = (0..count).map(|index| (order.row(index, count) * size) as usize);
                rows.map(|start| &buffer[start..][..size as usize]).try_for_each(|row| take(tensor, row))?;
                self.meter.advance(Step::Weights, buffer.len() as u64);
            }
        }
        Ok(())
    }
}

impl Order {
    /// How many rows of `bytes` are read at once.
    fn piece(self, bytes: u64) -> u64 {
        match self {
            Self::Plain => (PIECE / bytes).max(1),
            Self::Heads(rows) => rows,
        }
    }

    /// The row of a piece of `count` rows that comes at `index`.
    fn row(self, index: u64, count: u64) -> u64 {
        match self {
            Self::Plain => index,
            Self::Heads(_) => index % (count / 2) * 2 + index / (count / 2),
        }
    }
}

/// Decodes one row and fails if anything in it is not finite.
pub(super) fn decode_row(tensor: &Tensor, row: &[u8], floats: &mut [f32]) -> Result<(), ModelError> {
    tensor.format.decode(row, floats);
    if floats.iter().all(|float| float.is_finite()) {
        return Ok(());
    }
    Err(ModelError::NotFinite { tensor: tensor.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn a_head_is_turned_from_pairs_into_halves() {
        let order: Vec<u64> = (0..8).map(|index| Order::Heads(8).row(index, 8)).collect();
        assert_eq!(order, [0, 2, 4, 6, 1, 3, 5, 7]);
    }
}
