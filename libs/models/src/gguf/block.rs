//! How weights are encoded. A new encoding is one file that declares a [`Format`], and one line in [`FORMATS`].

mod bfloat16;
mod float16;
mod float32;
mod q4_0;
mod q4_1;
mod q8_0;

use crate::ModelError;

const FORMATS: [&Format; 6] =
    [&float32::FORMAT, &float16::FORMAT, &bfloat16::FORMAT, &q8_0::FORMAT, &q4_0::FORMAT, &q4_1::FORMAT];

/// Names of the encodings that exist, by their numbers, for messages about those that we lack.
const NAMES: [&str; 40] = [
    "F32",
    "F16",
    "Q4_0",
    "Q4_1",
    "Q4_2",
    "Q4_3",
    "Q5_0",
    "Q5_1",
    "Q8_0",
    "Q8_1",
    "Q2_K",
    "Q3_K",
    "Q4_K",
    "Q5_K",
    "Q6_K",
    "Q8_K",
    "IQ2_XXS",
    "IQ2_XS",
    "IQ3_XXS",
    "IQ1_S",
    "IQ4_NL",
    "IQ3_S",
    "IQ2_S",
    "IQ4_XS",
    "I8",
    "I16",
    "I32",
    "I64",
    "F64",
    "IQ1_M",
    "BF16",
    "Q4_0_4_4",
    "Q4_0_4_8",
    "Q4_0_8_8",
    "TQ1_0",
    "TQ2_0",
    "IQ4_NL_4_4",
    "IQ4_NL_4_8",
    "IQ4_NL_8_8",
    "MXFP4",
];

/// Weights that share one scale, in every quantised encoding here and in `MatMulNBits`.
pub(crate) const LINE: usize = 32;

/// One encoding of weights.
#[derive(Debug)]
pub(crate) struct Format {
    /// The number in the file.
    id: u32,
    /// The name that people use.
    pub(crate) name: &'static str,
    /// Weights in one block: 1, or a multiple of [`LINE`].
    pub(crate) weights: usize,
    /// Bytes of one block.
    pub(crate) bytes: usize,
    pub(crate) encoding: Encoding,
}

/// How a block is taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Encoding {
    /// A block is one number.
    Float(fn(&[u8]) -> f32),
    /// Every [`LINE`] weights are `scale * quant + offset`.
    Lines {
        /// Quants are below `2^bits`.
        bits: u32,
        /// The quant that stands for zero, where all lines have the same: `offset = -zero * scale`.
        zero: Option<u8>,
        /// Splits one block into its quants, one a byte, and its lines.
        split: fn(&[u8], &mut [u8], &mut [Line]),
    },
}

/// What [`LINE`] quants have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) scale: f32,
    pub(crate) offset: f32,
}

impl Format {
    pub(super) fn by_id(id: u32, what: &str) -> Result<&'static Self, ModelError> {
        FORMATS.into_iter().find(|format| format.id == id).ok_or_else(|| ModelError::Unsupported {
            what: format!("the encoding of {what}"),
            found: NAMES.get(id as usize).map_or_else(|| format!("number {id}"), |name| (*name).to_owned()),
            supported: FORMATS.map(|format| format.name).join(", "),
        })
    }

    #[cfg(test)]
    pub(super) fn by_name(name: &str) -> &'static Self {
        FORMATS.into_iter().find(|format| format.name == name).unwrap()
    }

    /// Decodes whole blocks into `weights`, which has the matching length.
    pub(crate) fn decode(&self, blocks: &[u8], weights: &mut [f32]) {
        let each = blocks.chunks_exact(self.bytes).zip(weights.chunks_exact_mut(self.weights));
        match self.encoding {
            Encoding::Float(read) => each.for_each(|(block, weight)| weight[0] = read(block)),
            Encoding::Lines { split, .. } => {
                let mut quants = vec![0; self.weights];
                let mut lines = vec![Line::default(); self.weights / LINE];
                each.for_each(|(block, weights)| {
                    split(block, &mut quants, &mut lines);
                    decode_lines(&quants, &lines, weights);
                });
            }
        }
    }
}

fn decode_lines(quants: &[u8], lines: &[Line], weights: &mut [f32]) {
    for (index, (weight, quant)) in weights.iter_mut().zip(quants).enumerate() {
        let line = lines[index / LINE];
        *weight = line.scale * f32::from(*quant) + line.offset;
    }
}

/// The half-precision number at `at`.
fn half(block: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// Sixteen bytes of nibbles: the low ones are the first half of a line, the high ones the second.
fn nibbles(packed: &[u8], quants: &mut [u8]) {
    let (low, high) = quants.split_at_mut(LINE / 2);
    for ((byte, low), high) in packed.iter().zip(low).zip(high) {
        (*low, *high) = (byte & 15, byte >> 4);
    }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, Format, NAMES};
    use crate::ModelError;

    #[test]
    fn every_format_has_the_number_of_its_name() {
        for format in FORMATS {
            assert_eq!(NAMES[format.id as usize], format.name);
        }
    }

    #[test]
    fn an_encoding_that_we_lack_is_named() {
        let Err(ModelError::Unsupported { found, supported, .. }) = Format::by_id(14, "tensor a") else {
            panic!("Q6_K is not here yet");
        };
        assert_eq!(found, "Q6_K");
        assert!(supported.contains("Q8_0"));
    }
}
