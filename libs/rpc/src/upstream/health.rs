//! Whether a pod deserves calls.
//!
//! A pod that fails fast has the fewest calls open and so attracts the most: after some failures in a row it is left
//! out for a while that doubles each time. It comes back through one call, the probe.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::jittered;

/// Failures in a row that put a pod out.
pub(super) const FAILURES: u32 = 5;
/// How long a pod is left out the first time.
pub(super) const FIRST_REST: Duration = Duration::from_secs(2);
const LONGEST_REST: Duration = Duration::from_mins(1);

/// The record of one pod.
#[derive(Debug, Default)]
pub(super) struct Health {
    failures: u32,
    ejections: u32,
    standing: Standing,
}

#[derive(Debug, Default)]
enum Standing {
    #[default]
    In,
    /// Left out until then; the first call after that is the probe.
    Out(Instant),
    Probing,
}

impl Health {
    /// Whether a call may go here now.
    pub(super) fn admits(&self, now: Instant) -> bool {
        match self.standing {
            Standing::In => true,
            Standing::Out(until) => now >= until,
            Standing::Probing => false,
        }
    }

    /// Whether the pod is left out, or on probation.
    pub(super) fn is_out(&self) -> bool {
        !matches!(self.standing, Standing::In)
    }

    /// A call goes here. Returns whether it is the probe.
    pub(super) fn called(&mut self, now: Instant) -> bool {
        let probe = matches!(self.standing, Standing::Out(until) if now >= until);
        if probe {
            self.standing = Standing::Probing;
        }
        probe
    }

    /// The probe came to nothing, neither good nor bad: the next call probes.
    pub(super) fn probe_abandoned(&mut self, now: Instant) {
        if matches!(self.standing, Standing::Probing) {
            self.standing = Standing::Out(now);
        }
    }

    /// A call has brought something: enough to come back, not to be forgiven.
    pub(super) fn proved(&mut self) {
        self.standing = Standing::In;
    }

    /// A call has ended well.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A call has failed. Returns whether the pod is put out for it, which `may_eject` can forbid.
    pub(super) fn failed(&mut self, now: Instant, may_eject: bool) -> bool {
        self.failures = self.failures.saturating_add(1);
        let probing = matches!(self.standing, Standing::Probing);
        let guilty = probing || (self.failures >= FAILURES && !self.is_out());
        if guilty && may_eject {
            let rest = LONGEST_REST.min(FIRST_REST.saturating_mul(1 << self.ejections.min(8)));
            self.ejections += 1;
            self.standing = Standing::Out(now + jittered(rest));
            return true;
        }
        if probing {
            self.standing = Standing::In;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{FAILURES, FIRST_REST, Health};

    fn put_out(health: &mut Health, now: Instant) {
        for failure in 1..=FAILURES {
            assert!(health.admits(now));
            assert_eq!(health.failed(now, true), failure == FAILURES);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_put_a_pod_out_and_one_probe_brings_it_back() {
        let (mut health, now) = (Health::default(), Instant::now());
        put_out(&mut health, now);
        assert!(!health.admits(now));
        let later = now + FIRST_REST;
        assert!(health.admits(later) && health.called(later));
        assert!(!health.admits(later), "one probe at a time");
        health.succeeded();
        assert!(health.admits(later) && !health.is_out());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_doubles_the_rest() {
        let (mut health, now) = (Health::default(), Instant::now());
        put_out(&mut health, now);
        let later = now + FIRST_REST;
        assert!(health.called(later));
        assert!(health.failed(later, true));
        assert!(!health.admits(later + FIRST_REST - FIRST_REST / 100));
        assert!(health.admits(later + FIRST_REST * 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_between_failures_forgives() {
        let (mut health, now) = (Health::default(), Instant::now());
        for _ in 0..10 * FAILURES {
            assert!(!health.failed(now, true));
            health.succeeded();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_not_be_put_out_stays() {
        let (mut health, now) = (Health::default(), Instant::now());
        for _ in 0..10 * FAILURES {
            assert!(!health.failed(now, false));
            assert!(health.admits(now));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_probe_is_taken_up_by_the_next_call() {
        let (mut health, now) = (Health::default(), Instant::now());
        put_out(&mut health, now);
        let later = now + FIRST_REST;
        assert!(health.called(later));
        health.probe_abandoned(later);
        assert!(health.admits(later) && health.called(later));
    }
}
