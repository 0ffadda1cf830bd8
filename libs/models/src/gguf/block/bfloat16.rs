//! The upper half of single precision.

use super::{Encoding, Format};

pub(super) const FORMAT: Format =
    Format { id: 30, name: "BF16", weights: 1, bytes: 2, encoding: Encoding::Float(read) };

fn read(block: &[u8]) -> f32 {
    half::bf16::from_le_bytes([block[0], block[1]]).to_f32()
}
