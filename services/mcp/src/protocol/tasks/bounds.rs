//! What one caller's tasks may come to.

use std::time::Duration;

/// The most bytes of all records of a caller, after which no further task begins.
const BYTES: u64 = 32 << 20;
/// Longer is what object stores are for.
const LONGEST: Duration = Duration::from_hours(24);

/// What one caller's tasks may come to.
pub(in crate::protocol) struct Bounds {
    /// How many there may be, those that are done included.
    pub(super) count: usize,
    /// How many bytes they may have, before another begins.
    pub(super) bytes: u64,
    /// How long one can be looked at after the time that its tool has.
    pub(super) keep: Duration,
}

impl Bounds {
    pub(in crate::protocol) fn new(count: usize, keep: Duration) -> Self {
        Self { count, bytes: BYTES, keep: keep.min(LONGEST) }
    }
}
