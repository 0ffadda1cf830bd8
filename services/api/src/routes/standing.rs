//! What is known of a target: one that fails, or is full, is passed over for a while where there is another.
//!
//! A pod that fails is left out by the channel to its release; this here is for a release that fails as a whole.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Failures in a row after which a target is passed over.
const FAILURES: u32 = 5;
/// How long at first, and at most; it doubles with every failure that follows.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long a full target is passed over, where it does not say, and at most: room comes back quickly.
const FULL_FOR: Duration = Duration::from_millis(200);
const FULL_AT_MOST: Duration = Duration::from_secs(1);

/// The standing of one target.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    rest: Duration,
    failing_until: Option<Instant>,
    full_until: Option<Instant>,
}

impl Standing {
    /// Whether calls should come here.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let state = self.state();
        let over = |until: Option<Instant>| until.is_none_or(|until| now >= until);
        over(state.failing_until) && over(state.full_until)
    }

    /// A call comes. To a target that has rested it is a probe: until something comes of it, the others keep away.
    pub(super) fn called(&self, now: Instant) {
        let mut state = self.state();
        if state.failing_until.is_some() {
            state.failing_until = Some(now + state.rest);
        }
    }

    /// It answered, good or bad.
    pub(super) fn answered(&self) {
        *self.state() = State::default();
    }

    /// It was not there.
    pub(super) fn unavailable(&self, now: Instant) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.rest = (state.rest * 2).clamp(FIRST_REST, LONGEST_REST);
            state.failing_until = Some(now + state.rest);
        }
    }

    /// It was there, and had no room.
    pub(super) fn full(&self, now: Instant, retry_after: Option<Duration>) {
        let full_until = Some(now + retry_after.unwrap_or(FULL_FOR).min(FULL_AT_MOST));
        *self.state() = State { full_until, ..State::default() };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{FAILURES, FIRST_REST, FULL_FOR, Standing};

    fn failed() -> Standing {
        let standing = Standing::default();
        for _ in 0..FAILURES {
            assert!(standing.admits(Instant::now()));
            standing.unavailable(Instant::now());
        }
        standing
    }

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_are_rested_from_and_one_probe_goes_ahead() {
        let standing = failed();
        assert!(!standing.admits(Instant::now()));
        advance(FIRST_REST).await;
        assert!(standing.admits(Instant::now()));
        standing.called(Instant::now());
        assert!(!standing.admits(Instant::now()), "one at a time");
        standing.answered();
        assert!(standing.admits(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_doubles_the_rest_and_one_that_is_forgotten_does_not() {
        let standing = failed();
        advance(FIRST_REST).await;
        standing.called(Instant::now());
        advance(FIRST_REST).await;
        assert!(standing.admits(Instant::now()), "nothing came of the probe");
        standing.called(Instant::now());
        standing.unavailable(Instant::now());
        advance(FIRST_REST).await;
        assert!(!standing.admits(Instant::now()));
        advance(FIRST_REST).await;
        assert!(standing.admits(Instant::now()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_between_failures_forgives() {
        let standing = Standing::default();
        for _ in 0..10 * FAILURES {
            standing.unavailable(Instant::now());
            standing.answered();
            assert!(standing.admits(Instant::now()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_one_has_room_again_soon() {
        let standing = Standing::default();
        standing.full(Instant::now(), None);
        assert!(!standing.admits(Instant::now()));
        advance(FULL_FOR).await;
        assert!(standing.admits(Instant::now()));
        standing.full(Instant::now(), Some(Duration::from_mins(1)));
        advance(Duration::from_secs(1)).await;
        assert!(standing.admits(Instant::now()), "whatever it said");
    }
}
