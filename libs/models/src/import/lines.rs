//! Turning rows of any encoding into the quants that `MatMulNBits` multiplies with.
//!
//! A line is 32 weights with one scale. Its weights are `scale * (quant - zero) + remainder`, where `zero` is 128 for
//! eight bits and 8 for four, as the operator has it, and the remainder is what llama.cpp's encodings with a minimum
//! have beyond that. Where the source already has lines of no more bits than the target, its quants and scales are
//! taken over and nothing is lost; anything else is rounded to the nearest of the target's values.

use super::weights::decode_row;
use crate::{
    ModelError,
    gguf::{Encoding, LINE, Line, Tensor},
};

/// Bits of a quant in the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bits {
    Eight,
    Four,
}

impl Bits {
    pub(super) fn count(self) -> u64 {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
        }
    }

    fn zero(self) -> u8 {
        1 << (self.count() - 1)
    }
}

/// Encodes rows; collects the scales and remainders of their lines, which go behind all quants.
pub(super) struct LineEncoder {
    bits: Bits,
    pub(super) scales: Vec<f32>,
    pub(super) remainders: Vec<f32>,
    quants: Vec<u8>,
    lines: Vec<Line>,
    floats: Vec<f32>,
}

impl LineEncoder {
    pub(super) fn new(bits: Bits) -> Self {
        Self {
            bits,
            scales: Vec::new(),
            remainders: Vec::new(),
            quants: Vec::new(),
            lines: Vec::new(),
            floats: Vec::new(),
        }
    }

    /// The shape of the quants of a matrix.
    pub(super) fn shape(&self, rows: u64, columns: u64) -> [u64; 3] {
        [rows, columns / LINE as u64, LINE as u64 * self.bits.count() / 8]
    }

    /// Whether every remainder is zero, and need not be written.
    pub(super) fn is_centred(&self) -> bool {
        self.remainders.iter().all(|remainder| *remainder == 0.0)
    }

    /// Appends the quants of one row to `packed`.
    pub(super) fn encode(
        &mut self,
        tensor: &Tensor,
        row: &[u8],
        packed: &mut Vec<u8>,
    ) -> Result<(), ModelError> {
        let columns = tensor.columns as usize;
        self.quants.resize(columns, 0);
        match tensor.format.encoding {
            Encoding::Lines { bits, zero, split } if self.keeps(bits, zero) => {
                self.lines.resize(columns / LINE, Line::default());
                let (weights, lines) = (tensor.format.weights, tensor.format.weights / LINE);
                for (index, block) in row.chunks_exact(tensor.format.bytes).enumerate() {
                    split(
                        block,
                        &mut self.quants[index * weights..][..weights],
                        &mut self.lines[index * lines..][..lines],
                    );
                }
                self.take_over(zero).map_err(|()| ModelError::NotFinite { tensor: tensor.name.clone() })?;
            }
            _ => {
                self.floats.resize(columns, 0.0);
                decode_row(tensor, row, &mut self.floats)?;
                self.round();
            }
        }
        self.pack(packed);
        Ok(())
    }

    /// Whether the quants of such a source can be taken over. Remainders are for four bits only: with eight they would
    /// cost more than the rounding does.
    fn keeps(&self, bits: u32, zero: Option<u8>) -> bool {
        u64::from(bits) <= self.bits.count() && (zero.is_some() || self.bits == Bits::Four)
    }

    /// Keeps scales and quants, moving the quants to our zero. Fails where a line is not finite.
    fn take_over(&mut self, zero: Option<u8>) -> Result<(), ()> {
        let ours = self.bits.zero();
        for line in &self.lines {
            if !(line.scale.is_finite() && line.offset.is_finite()) {
                return Err(());
            }
            self.scales.push(line.scale);
            if self.bits == Bits::Four {
                self.remainders.push(if zero.is_some() {
                    0.0
                } else {
                    line.offset + f32::from(ours) * line.scale
                });
            }
        }
        let shift = ours - zero.unwrap_or(ours);
        self.quants.iter_mut().for_each(|quant| *quant += shift);
        Ok(())
    }

    /// Rounds the decoded row.
    fn round(&mut self) {
        for (floats, quants) in self.floats.chunks_exact(LINE).zip(self.quants.chunks_exact_mut(LINE)) {
            let scale = match self.bits {
                Bits::Eight => largest(floats).abs() / 127.0,
                // The largest weight becomes -8, the one value that has no opposite.
                Bits::Four => largest(floats) / -8.0,
            };
            let inverse = Some(1.0 / scale).filter(|inverse| inverse.is_finite()).unwrap_or(0.0);
            let (zero, most) = (f32::from(self.bits.zero()), (1u32 << self.bits.count()) - 1);
            for (quant, float) in quants.iter_mut().zip(floats) {
                *quant = (float * inverse + zero).round_ties_even().clamp(0.0, most as f32) as u8;
            }
            self.scales.push(scale);
            if self.bits == Bits::Four {
                self.remainders.push(0.0);
            }
        }
    }

    /// Eight bits stand as they are; of four, the first of two is the low half of a byte.
    fn pack(&self, packed: &mut Vec<u8>) {
        match self.bits {
            Bits::Eight => packed.extend_from_slice(&self.quants),
            Bits::Four => packed.extend(self.quants.chunks_exact(2).map(|pair| pair[0] | pair[1] << 4)),
        }
    }
}

/// The weight that is farthest from zero.
fn largest(floats: &[f32]) -> f32 {
    floats.iter().copied().fold(0.0, |most: f32, float| if float.abs() > most.abs() { float } else { most })
}
