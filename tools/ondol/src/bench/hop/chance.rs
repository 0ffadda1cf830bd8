//! Numbers by chance that are the same in each run.

use std::f64::consts::TAU;

/// `SplitMix64`, whose whole state is one number.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The same numbers for the same seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Between 0 and 1, and neither of them.
    pub(super) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // As many bits as a float holds, so that none is rounded up to 1.
        let bits = (mixed ^ (mixed >> 31)) >> 12;
        (bits as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// The time between two arrivals that know nothing of each other, where the mean is 1.
    pub(super) fn pause(&mut self) -> f64 {
        -self.share().ln()
    }

    /// Normally distributed around 0 with a standard deviation of 1.
    pub(super) fn bell(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (TAU * self.share()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::Chance;

    const DRAWS: usize = 20_000;

    fn mean(mut draw: impl FnMut() -> f64) -> f64 {
        (0..DRAWS).map(|_| draw()).sum::<f64>() / DRAWS as f64
    }

    #[test]
    fn numbers_repeat_and_stay_inside() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..100).map(|_| chance.share()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().all(|share| *share > 0.0 && *share < 1.0));
    }

    #[test]
    fn means_and_spreads_are_what_they_are_called() {
        let mut chance = Chance::new(7);
        assert!((mean(|| chance.share()) - 0.5).abs() < 0.02);
        assert!((mean(|| chance.pause()) - 1.0).abs() < 0.04);
        assert!(mean(|| chance.bell()).abs() < 0.04);
        assert!((mean(|| chance.bell().powi(2)) - 1.0).abs() < 0.06);
    }
}
