//! Samples that no other process disturbed.

use std::time::Duration;

use crate::process_stat::CpuTime;

/// More than this share of the processors used by others spoils a sample.
const FOREIGN_LIMIT: f64 = 0.05;
const REST: Duration = Duration::from_millis(500);

/// The samples of one system at one load, in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    taken: Vec<Sample>,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    value: f64,
    /// The share of the processors that others used meanwhile.
    foreign: f64,
}

impl Samples {
    /// Takes a sample and notes what else the machine did meanwhile.
    pub(crate) async fn take(
        &mut self,
        sample: impl Future<Output = anyhow::Result<f64>>,
    ) -> anyhow::Result<()> {
        let before = CpuTime::now()?;
        let value = sample.await?;
        let foreign = CpuTime::now()?.foreign_share(before);
        self.taken.push(Sample { value, foreign });
        if foreign >= FOREIGN_LIMIT {
            tokio::time::sleep(REST).await;
        }
        Ok(())
    }

    /// Notes another figure of the sample that `other` took last.
    pub(crate) fn like(&mut self, other: &Self, value: f64) {
        let foreign = other.taken.last().map_or(1.0, |sample| sample.foreign);
        self.taken.push(Sample { value, foreign });
    }

    /// Samples by their values and what others used meanwhile, for tests.
    #[cfg(test)]
    pub(crate) fn of(taken: &[(f64, f64)]) -> Self {
        Self {
            taken: taken.iter().map(|(value, foreign)| Sample { value: *value, foreign: *foreign }).collect(),
        }
    }

    /// How many samples were clean.
    pub(crate) fn clean(&self) -> usize {
        self.taken.iter().filter(|sample| sample.is_clean()).count()
    }

    /// The median of the clean samples; of the least disturbed one where none was clean.
    pub(crate) fn median(&self) -> f64 {
        let clean: Vec<f64> =
            self.taken.iter().filter(|sample| sample.is_clean()).map(|sample| sample.value).collect();
        if clean.is_empty() {
            let least = self.taken.iter().min_by(|one, other| one.foreign.total_cmp(&other.foreign));
            return least.map_or(f64::NAN, |sample| sample.value);
        }
        median(clean)
    }

    /// The median of the ratios to `base`, each inside one turn: what slows the machine for a minute slows both.
    pub(crate) fn ratio(&self, base: &Self) -> f64 {
        let turns = self.taken.iter().zip(&base.taken);
        let ratios: Vec<f64> = turns
            .filter(|(own, base)| own.is_clean() && base.is_clean())
            .map(|(own, base)| own.value / base.value)
            .collect();
        if ratios.is_empty() { self.median() / base.median() } else { median(ratios) }
    }
}

impl Sample {
    fn is_clean(self) -> bool {
        self.foreign < FOREIGN_LIMIT
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn disturbed_samples_count_only_when_there_is_nothing_better() {
        let disturbed = Samples::of(&[(10.0, 0.5), (20.0, 0.2)]);
        assert!((disturbed.median() - 20.0).abs() < 1e-9, "the least disturbed");
        let mixed = Samples::of(&[(10.0, 0.5), (3.0, 0.0), (1.0, 0.0), (2.0, 0.0), (4.0, 0.0)]);
        assert!((mixed.median() - 2.5).abs() < 1e-9);
        assert_eq!(mixed.clean(), 4);
    }

    #[test]
    fn ratios_are_taken_inside_a_turn() {
        // The machine slowed down twofold in the middle; the ratio does not see it.
        let base = Samples::of(&[(100.0, 0.0), (50.0, 0.0), (52.0, 0.0), (7.0, 0.9)]);
        let own = Samples::of(&[(90.0, 0.0), (45.0, 0.0), (46.8, 0.0), (70.0, 0.0)]);
        assert!((own.ratio(&base) - 0.9).abs() < 1e-9);
    }
}
