//! When Redis was not there.

/// Spans of time, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Outages(Vec<(u64, u64)>);

impl Outages {
    pub(super) fn add(&mut self, from: u64, to: u64) {
        self.0.push((from, to));
    }

    /// How much of the time between two moments Redis was up.
    pub(super) fn up_time(&self, from: u64, to: u64) -> u64 {
        let down = self.0.iter().map(|(start, end)| (*end).min(to).saturating_sub((*start).max(from)));
        to.saturating_sub(from).saturating_sub(down.sum())
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }
}
