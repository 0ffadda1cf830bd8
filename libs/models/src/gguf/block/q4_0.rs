//! Four bits around zero: a half-precision scale, then 16 bytes of nibbles; `w = d * (q - 8)`.

use super::{Encoding, Format, Line, half, nibbles};

pub(super) const FORMAT: Format = Format {
    id: 2,
    name: "Q4_0",
    weights: 32,
    bytes: 18,
    encoding: Encoding::Lines { bits: 4, zero: Some(8), split },
};

fn split(block: &[u8], quants: &mut [u8], lines: &mut [Line]) {
    let scale = half(block, 0);
    lines[0] = Line { scale, offset: -8.0 * scale };
    nibbles(&block[2..], quants);
}

#[cfg(test)]
mod tests {
    #[test]
    fn decodes_around_eight() {
        let mut block = vec![0x00, 0x40]; // 2.0
        block.extend([0xf0; 16]);
        let mut weights = [0.0; 32];
        super::FORMAT.decode(&block, &mut weights);
        assert_eq!((weights[0], weights[15], weights[16], weights[31]), (-16.0, -16.0, 14.0, 14.0));
    }
}
