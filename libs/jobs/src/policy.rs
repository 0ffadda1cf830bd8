//! How often a failed job runs again, and when.

use std::{collections::BTreeMap, time::Duration};

use crate::Name;

/// What a kind does about failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Runs in all, the first included.
    pub attempts: u32,
    /// The longest pause after the first failure; it doubles with each.
    pub base: Duration,
    /// The longest pause of all.
    pub ceiling: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_secs(1), ceiling: Duration::from_mins(5) }
    }
}

impl Policy {
    /// The pause after `attempt` failed, or `None` if it was the last.
    ///
    /// It is drawn evenly from nothing to the longest, so jobs that failed together do not come back together.
    pub fn pause(&self, attempt: u32) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        Some(self.longest(attempt).mul_f64(fastrand::f64()))
    }

    fn longest(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.ceiling)
    }
}

/// The policy of each kind.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Of kinds without their own.
    pub default: Policy,
    /// Of single kinds.
    pub kinds: BTreeMap<Name, Policy>,
}

impl Policies {
    /// The policy of a kind.
    pub fn of(&self, kind: &Name) -> &Policy {
        self.kinds.get(kind).unwrap_or(&self.default)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Policy;

    #[test]
    fn the_longest_pause_doubles_up_to_the_ceiling_and_ends_with_the_attempts() {
        let policy = Policy { attempts: 200, ..Policy::default() };
        let longest: Vec<_> = [1, 2, 3, 9, 10, 100].map(|attempt| policy.longest(attempt).as_secs()).into();
        assert_eq!(longest, [1, 2, 4, 256, 300, 300]);
        assert_eq!(policy.pause(200), None);
        assert_eq!(Policy { attempts: 0, ..policy }.pause(1), None);
    }

    #[test]
    fn pauses_are_spread_over_the_whole_range() {
        let policy = Policy::default();
        let pauses: Vec<_> = (0..1_000).filter_map(|_| policy.pause(3)).collect();
        let below = |limit| pauses.iter().filter(|pause| **pause < Duration::from_millis(limit)).count();
        assert_eq!((below(4_000), pauses.len()), (1_000, 1_000));
        assert!((300..700).contains(&below(2_000)), "{}", below(2_000));
    }
}
