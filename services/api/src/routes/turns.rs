//! Whose turn it is, by weight. No chance is involved, so that a tenth of the calls is one of ten, evenly spread.

use std::{
    cmp::Reverse,
    sync::{Mutex, PoisonError},
};

/// The turns among some, each with a weight. This is the smooth weighted round robin: whoever waits earns its weight,
/// and whoever has earned most has its turn and pays for all.
#[derive(Debug)]
pub(super) struct Turns {
    weights: Vec<u32>,
    earned: Mutex<Vec<i64>>,
}

impl Turns {
    pub(super) fn new(weights: Vec<u32>) -> Self {
        Self { earned: Mutex::new(vec![0; weights.len()]), weights }
    }

    /// How heavy one is; nothing beyond those that take turns.
    pub(super) fn weight(&self, index: usize) -> u32 {
        self.weights.get(index).copied().unwrap_or(0)
    }

    /// How many take turns.
    pub(super) fn count(&self) -> usize {
        self.weights.len()
    }

    /// The next one of those that may have it. Without weight nobody has a turn.
    pub(super) fn next(&self, may: impl Fn(usize) -> bool) -> Option<usize> {
        let some: Vec<_> = (0..self.count()).filter(|index| self.weight(*index) > 0 && may(*index)).collect();
        let mut earned = self.earned.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = 0;
        for index in &some {
            let weight = i64::from(self.weight(*index));
            earned[*index] += weight;
            all += weight;
        }
        let chosen = some.into_iter().max_by_key(|index| (earned[*index], Reverse(*index)))?;
        earned[chosen] -= all;
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn are_by_weight_and_evenly_spread() {
        let turns = Turns::new(vec![3, 1, 0]);
        let taken: Vec<_> = (0..8).map(|_| turns.next(|_| true).unwrap()).collect();
        assert_eq!(taken, [0, 0, 1, 0, 0, 0, 1, 0]);
    }

    #[test]
    fn who_may_not_is_passed_over() {
        let turns = Turns::new(vec![9, 1, 0]);
        assert!((0..5).all(|_| turns.next(|index| index != 0) == Some(1)));
        assert_eq!(turns.next(|index| index == 2), None);
        assert_eq!(Turns::new(vec![]).next(|_| true), None);
    }
}
