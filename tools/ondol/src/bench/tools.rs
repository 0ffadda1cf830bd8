//! `ondol bench tools`: what mcp adds to a call, and `ondol bench outage`: what becomes of others when an API fails.

mod apart;
pub(super) mod outage;
pub(super) mod overhead;
mod stand;

use std::time::Duration;

/// A time that this share of all is within.
pub(super) fn within(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

/// In the unit in which the promises are made.
pub(super) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::within;

    #[test]
    fn a_share_of_the_times_is_within() {
        let times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(within(&times, 0.5), Duration::from_millis(50));
        assert_eq!(within(&times, 0.99), Duration::from_millis(99));
        assert_eq!(within(&[], 0.5), Duration::ZERO);
    }
}
