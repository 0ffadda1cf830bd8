//! Four bits with a minimum: a half-precision scale and minimum, then 16 bytes of nibbles; `w = d * q + m`.

use super::{Encoding, Format, Line, half, nibbles};

pub(super) const FORMAT: Format = Format {
    id: 3,
    name: "Q4_1",
    weights: 32,
    bytes: 20,
    encoding: Encoding::Lines { bits: 4, zero: None, split },
};

fn split(block: &[u8], quants: &mut [u8], lines: &mut [Line]) {
    lines[0] = Line { scale: half(block, 0), offset: half(block, 2) };
    nibbles(&block[4..], quants);
}

#[cfg(test)]
mod tests {
    #[test]
    fn decodes_from_the_minimum() {
        let mut block = vec![0x00, 0x40, 0x00, 0xbc]; // 2.0 and -1.0
        block.extend([0x21; 16]);
        let mut weights = [0.0; 32];
        super::FORMAT.decode(&block, &mut weights);
        assert_eq!((weights[0], weights[16]), (1.0, 3.0));
    }
}
