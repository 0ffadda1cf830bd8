//! Eight bits: a half-precision scale, then 32 signed bytes; `w = d * q`.

use super::{Encoding, Format, Line, half};

pub(super) const FORMAT: Format = Format {
    id: 8,
    name: "Q8_0",
    weights: 32,
    bytes: 34,
    encoding: Encoding::Lines { bits: 8, zero: Some(128), split },
};

fn split(block: &[u8], quants: &mut [u8], lines: &mut [Line]) {
    let scale = half(block, 0);
    lines[0] = Line { scale, offset: -128.0 * scale };
    for (quant, byte) in quants.iter_mut().zip(&block[2..]) {
        *quant = byte ^ 0x80;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn decodes_signed_bytes() {
        let mut block = vec![0x00, 0x38]; // 0.5
        block.extend((0..32).map(|i: u8| (i.wrapping_mul(8)).wrapping_sub(128)));
        let mut weights = [0.0; 32];
        super::FORMAT.decode(&block, &mut weights);
        assert_eq!((weights[0], weights[16], weights[31]), (-64.0, 0.0, 60.0));
    }
}
