//! How long answers take: log-normal, as times of services are.

use std::time::Duration;

use anyhow::ensure;

use super::super::chance::Chance;

/// The normal distribution's 95th percentile.
const Z95: f64 = 1.644_853_626_951_472_2;

/// A distribution of times.
#[derive(Clone, Copy, Debug)]
pub(super) struct Delay {
    mean: f64,
    /// The standard deviation of the logarithm.
    spread: f64,
}

impl Delay {
    /// The one with this mean and this 95th percentile; where both are the same, all times are.
    pub(super) fn new(mean: Duration, p95: Duration) -> anyhow::Result<Self> {
        let mean = mean.as_secs_f64();
        if mean <= 0.0 {
            ensure!(p95.is_zero(), "--p95 needs a --mean");
            return Ok(Self { mean: 0.0, spread: 0.0 });
        }
        // ln(p95 / mean) = Z95 · spread - spread² / 2, whose smaller solution is meant.
        let apart = (p95.as_secs_f64() / mean).ln();
        ensure!((0.0..=Z95 * Z95 / 2.0).contains(&apart), "--p95 must be 1 to 3.8 times the --mean");
        Ok(Self { mean, spread: Z95 - (Z95 * Z95 - 2.0 * apart).sqrt() })
    }

    /// One time.
    pub(super) fn draw(&self, chance: &mut Chance) -> Duration {
        let off = self.spread * chance.bell() - self.spread * self.spread / 2.0;
        Duration::from_secs_f64(self.mean * off.exp())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{super::super::chance::Chance, Delay};

    #[test]
    fn mean_and_percentile_are_the_given_ones() {
        let delay = Delay::new(Duration::from_millis(210), Duration::from_millis(350)).unwrap();
        let mut chance = Chance::new(1);
        let mut times: Vec<f64> = (0..20_000).map(|_| delay.draw(&mut chance).as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean - 0.210).abs() < 0.004, "{mean}");
        assert!((times[19_000] - 0.350).abs() < 0.010, "{}", times[19_000]);
    }

    #[test]
    fn without_a_spread_all_take_the_same() {
        let mut chance = Chance::new(1);
        let same = Delay::new(Duration::from_millis(5), Duration::from_millis(5)).unwrap();
        assert!(same.draw(&mut chance).abs_diff(Duration::from_millis(5)) < Duration::from_micros(1));
        let none = Delay::new(Duration::ZERO, Duration::ZERO).unwrap();
        assert_eq!(none.draw(&mut chance), Duration::ZERO);
    }

    #[test]
    fn what_no_distribution_has_is_refused() {
        for (mean, p95) in [(10, 9), (10, 39), (0, 1)] {
            Delay::new(Duration::from_millis(mean), Duration::from_millis(p95)).unwrap_err();
        }
    }
}
