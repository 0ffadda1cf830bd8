//! Half precision.

use super::{Encoding, Format, half};

pub(super) const FORMAT: Format =
    Format { id: 1, name: "F16", weights: 1, bytes: 2, encoding: Encoding::Float(|block| half(block, 0)) };
