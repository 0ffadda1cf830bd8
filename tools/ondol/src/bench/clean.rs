//! Samples that no other process disturbed.

use std::time::Duration;

use crate::process_stat::CpuTime;

/// More than this share of the processors used by others spoils a sample.
const FOREIGN_LIMIT: f64 = 0.05;
const REST: Duration = Duration::from_millis(500);

/// The clean samples of one system at one load, or the least disturbed one where none was clean.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    clean: Vec<f64>,
    best: Option<(f64, f64)>,
}

impl Samples {
    /// Takes a sample and judges it by what the machine did meanwhile.
    pub(crate) async fn take(
        &mut self,
        sample: impl Future<Output = anyhow::Result<f64>>,
    ) -> anyhow::Result<()> {
        let before = CpuTime::now()?;
        let value = sample.await?;
        let foreign = CpuTime::now()?.foreign_share(before);
        self.judge(value, foreign);
        if foreign >= FOREIGN_LIMIT {
            tokio::time::sleep(REST).await;
        }
        Ok(())
    }

    fn judge(&mut self, value: f64, foreign: f64) {
        if foreign < FOREIGN_LIMIT {
            self.clean.push(value);
        }
        if self.best.is_none_or(|(_, least)| foreign < least) {
            self.best = Some((value, foreign));
        }
    }

    /// How many samples were clean.
    pub(crate) fn clean(&self) -> usize {
        self.clean.len()
    }

    /// The median of the clean samples, or the least disturbed one.
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.clean.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => self.best.map_or(f64::NAN, |(value, _)| value),
            odd if odd % 2 == 1 => sorted[odd / 2],
            even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    #[test]
    fn disturbed_samples_count_only_when_there_is_nothing_better() {
        let mut samples = Samples::default();
        samples.judge(10.0, 0.5);
        samples.judge(20.0, 0.2);
        assert!((samples.median() - 20.0).abs() < 1e-9, "the least disturbed");
        for value in [3.0, 1.0, 2.0, 4.0] {
            samples.judge(value, 0.0);
        }
        assert!((samples.median() - 2.5).abs() < 1e-9);
        assert_eq!(samples.clean(), 4);
    }
}
