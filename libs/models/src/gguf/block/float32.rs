//! Single precision.

use super::{Encoding, Format};

pub(super) const FORMAT: Format =
    Format { id: 0, name: "F32", weights: 1, bytes: 4, encoding: Encoding::Float(read) };

fn read(block: &[u8]) -> f32 {
    f32::from_le_bytes([block[0], block[1], block[2], block[3]])
}
