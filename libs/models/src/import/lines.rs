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
        self.quants.resize(tensor.columns as usize, 0);
        match tensor.format.encoding {
            Encoding::Lines { bits, zero, split } if self.keeps(bits, zero) => {
                self.lines.resize(self.quants.len() / LINE, Line::default());
                let quants = self.quants.chunks_exact_mut(tensor.format.weights);
                let lines = self.lines.chunks_exact_mut(tensor.format.weights / LINE);
                let blocks = row.chunks_exact(tensor.format.bytes);
                blocks
                    .zip(quants)
                    .zip(lines)
                    .for_each(|((block, quants), lines)| split(block, quants, lines));
                self.take_over(tensor, zero)?;
            }
            _ => {
                self.floats.resize(self.quants.len(), 0.0);
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
    fn take_over(&mut self, tensor: &Tensor, zero: Option<u8>) -> Result<(), ModelError> {
        let ours = self.bits.zero();
        for line in &self.lines {
            let remainder = zero.map_or(line.offset + f32::from(ours) * line.scale, |_| 0.0);
            if !(line.scale.is_finite() && remainder.is_finite()) {
                return Err(ModelError::NotFinite { tensor: tensor.name.clone() });
            }
            self.scales.push(line.scale);
            self.remainders.extend(Some(remainder).filter(|_| self.bits == Bits::Four));
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
            self.remainders.extend(Some(0.0).filter(|_| self.bits == Bits::Four));
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

#[cfg(test)]
mod tests {
    use super::{Bits, LineEncoder};
    use crate::gguf::{LINE, Tensor};

    /// What the package's lines stand for.
    fn decode(bits: Bits, encoder: &LineEncoder, packed: &[u8]) -> Vec<f32> {
        let zero = f32::from(bits.zero());
        let quants: Vec<u8> = match bits {
            Bits::Eight => packed.to_vec(),
            Bits::Four => packed.iter().flat_map(|byte| [byte & 15, byte >> 4]).collect(),
        };
        let weight = |(index, quant): (usize, &u8)| {
            let remainder = encoder.remainders.get(index / LINE).copied().unwrap_or(0.0);
            encoder.scales[index / LINE] * (f32::from(*quant) - zero) + remainder
        };
        quants.iter().enumerate().map(weight).collect()
    }

    /// The largest difference between a row and its encoding, and whether remainders were needed.
    fn error(format: &str, row: &[u8], bits: Bits) -> (f32, bool) {
        let tensor = Tensor::example(format, row.len());
        let (mut encoder, mut packed) = (LineEncoder::new(bits), Vec::new());
        encoder.encode(&tensor, row, &mut packed).unwrap();
        let mut floats = vec![0.0; tensor.columns as usize];
        tensor.format.decode(row, &mut floats);
        let decoded = decode(bits, &encoder, &packed);
        let worst = floats.iter().zip(&decoded).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        (worst, !encoder.is_centred())
    }

    /// Two lines of a scale of 1/4 or 1/8 and all quants, with what stands before them in the encoding.
    fn lines(heads: [&[u8]; 2], quants: usize) -> Vec<u8> {
        heads
            .iter()
            .flat_map(|head| head.iter().copied().chain((0..quants).map(|i| (i * 37 + 11) as u8)))
            .collect()
    }

    #[test]
    fn quants_of_the_source_are_taken_over_where_they_fit() {
        let q8_0 = lines([&[0, 0x34], &[0, 0xb0]], 32);
        let q4_0 = lines([&[0, 0x34], &[0, 0x30]], 16);
        let q4_1 = lines([&[0, 0x34, 0, 0xbc], &[0, 0x30, 0, 0xbc]], 16);
        assert_eq!(error("Q8_0", &q8_0, Bits::Eight), (0.0, false));
        assert_eq!(error("Q4_0", &q4_0, Bits::Eight), (0.0, false));
        assert_eq!(error("Q4_0", &q4_0, Bits::Four), (0.0, false));
        assert_eq!(error("Q4_1", &q4_1, Bits::Four), (0.0, true));
    }

    #[test]
    fn other_sources_are_rounded_to_the_nearest() {
        let floats: Vec<u8> = (0..64).flat_map(|i| (i as f32 - 40.0).to_le_bytes()).collect();
        let (eight, remainders) = error("F32", &floats, Bits::Eight);
        assert!(eight <= 40.0 / 127.0 / 2.0 && !remainders, "{eight}");
        let (four, remainders) = error("F32", &floats, Bits::Four);
        // A half of the step, or a whole one for the largest value of the other sign.
        assert!(four <= 5.0 && !remainders, "{four}");
    }

    #[test]
    fn lines_of_zeros_stay_zero() {
        for bits in [Bits::Eight, Bits::Four] {
            assert_eq!(error("F32", &[0; 4 * LINE], bits), (0.0, false));
            assert!(error("F32", &1e-45f32.to_le_bytes().repeat(LINE), bits).0 <= 1e-45);
        }
    }
}
