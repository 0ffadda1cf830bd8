//! Waits that double, with jitter, so that many clients do not come back at the same moment.

use std::time::Duration;

/// A series of waits between half and the whole of a doubling time.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let wait = jittered(self.next);
        self.next = self.longest.min(self.next * 2);
        wait
    }

    /// Starts the series again.
    pub(super) const fn reset(&mut self) {
        self.next = self.first;
    }
}

/// Between half and the whole of a duration.
pub(super) fn jittered(duration: Duration) -> Duration {
    duration.mul_f64(0.5 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn doubles_to_the_longest_and_starts_again() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(3));
        for whole in [1, 2, 3, 3] {
            let whole = Duration::from_secs(whole);
            let wait = backoff.next();
            assert!(whole / 2 <= wait && wait <= whole, "{wait:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_secs(1));
    }
}
