//! Who may come in: a bounded number of requests and of waiting prompt tokens, decided before any work is done.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::EngineError;

/// What a caller is told to wait when nothing has been measured yet.
const FIRST_GUESS: Duration = Duration::from_secs(1);
const SHORTEST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// States of the door; it only ever goes to a higher one.
const OPEN: u8 = 0;
const DRAINING: u8 = 1;
const FAILED: u8 = 2;

/// The counters at the door.
pub(crate) struct Admission {
    /// Requests that may be inside at once, running and waiting.
    places: usize,
    slots: usize,
    max_waiting_tokens: usize,
    inside: AtomicUsize,
    waiting_tokens: AtomicUsize,
    door: AtomicU8,
    /// How long a request holds its slot: a moving average in microseconds, 0 before the first.
    service: AtomicU64,
    born: Instant,
    /// Since when no slot has fallen free although all were taken, in microseconds after `born`.
    quiet: AtomicU64,
}

impl Admission {
    pub(crate) fn new(slots: usize, max_waiting: usize, max_waiting_tokens: usize) -> Self {
        Self {
            places: slots.saturating_add(max_waiting),
            slots,
            max_waiting_tokens,
            inside: AtomicUsize::new(0),
            waiting_tokens: AtomicUsize::new(0),
            door: AtomicU8::new(OPEN),
            service: AtomicU64::new(0),
            born: Instant::now(),
            quiet: AtomicU64::new(0),
        }
    }

    /// Takes a place, or says why there is none.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Place, EngineError> {
        match self.door.load(Ordering::Acquire) {
            OPEN => {}
            DRAINING => return Err(EngineError::Draining),
            _ => return Err(EngineError::Failed),
        }
        let one_more = |inside| (inside < self.places).then_some(inside + 1);
        match self.inside.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(before) if before < self.slots => self.restart_quiet(),
            Ok(_) => {}
            Err(_) => return Err(self.full(format!("{} requests", self.places))),
        }
        Ok(Place { admission: Arc::clone(self), waiting_tokens: 0 })
    }

    /// Lets nobody in any more, because the engine is draining.
    pub(crate) fn close(&self) {
        self.door.fetch_max(DRAINING, Ordering::AcqRel);
    }

    /// Lets nobody in any more, because the engine has failed.
    pub(crate) fn fail(&self) {
        self.door.fetch_max(FAILED, Ordering::AcqRel);
    }

    /// Learns from a request that held its slot for `time`.
    pub(crate) fn served(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let average = self.service.load(Ordering::Relaxed);
        let next = if average == 0 { time } else { average / 8 * 7 + time / 8 };
        self.service.store(next.max(1), Ordering::Relaxed);
        self.restart_quiet();
    }

    /// How long the one who came in last is likely to wait for a slot: nothing while one is free, or nothing is known.
    pub(crate) fn likely_wait(&self) -> Duration {
        let to_fall_free = self.inside.load(Ordering::Acquire).saturating_sub(self.slots);
        self.per_slot().unwrap_or_default().saturating_mul(u32::try_from(to_fall_free).unwrap_or(u32::MAX))
    }

    /// The time in which one slot of all falls free: they share a request's service time among them.
    fn per_slot(&self) -> Option<Duration> {
        let micros = self.service.load(Ordering::Relaxed).checked_div(self.slots as u64)?;
        (micros > 0).then(|| Duration::from_micros(micros))
    }

    /// How long a request that is refused now should stay away: until half of the queue has gone, so that those who
    /// are refused together find room together. Nothing having ended for a while says more than the average of
    /// requests that may have been shorter.
    fn full(&self, limit: String) -> EngineError {
        let half = self.likely_wait() / 2;
        let measured = self.per_slot().map_or(FIRST_GUESS, |one| one.max(half));
        let retry_after = measured.max(self.quiet()).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        EngineError::QueueFull { limit, retry_after }
    }

    fn restart_quiet(&self) {
        let now = u64::try_from(self.born.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.quiet.store(now, Ordering::Relaxed);
    }

    fn quiet(&self) -> Duration {
        let since = Duration::from_micros(self.quiet.load(Ordering::Relaxed));
        self.born.elapsed().saturating_sub(since)
    }
}

/// A request's place inside; dropping it makes room for another.
pub(crate) struct Place {
    admission: Arc<Admission>,
    waiting_tokens: usize,
}

impl Place {
    /// Accounts for a prompt that is going to wait.
    pub(crate) fn wait_with(&mut self, tokens: usize) -> Result<(), EngineError> {
        let limit = self.admission.max_waiting_tokens;
        let add = |waiting| (waiting == 0 || waiting + tokens <= limit).then_some(waiting + tokens);
        if self.admission.waiting_tokens.fetch_update(Ordering::AcqRel, Ordering::Acquire, add).is_err() {
            return Err(self.admission.full(format!("{limit} waiting prompt tokens")));
        }
        self.waiting_tokens = tokens;
        Ok(())
    }

    /// The prompt has a slot and waits no more.
    pub(crate) fn seated(&mut self) {
        self.admission.waiting_tokens.fetch_sub(self.waiting_tokens, Ordering::AcqRel);
        self.waiting_tokens = 0;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.seated();
        self.admission.inside.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, atomic::Ordering},
        time::Duration,
    };

    use fault::Fault;

    use super::Admission;
    use crate::EngineError;

    #[test]
    fn a_dropped_place_is_free_again() {
        let admission = Arc::new(Admission::new(1, 1, 100));
        let first = admission.enter();
        let second = admission.enter().unwrap();
        assert!(matches!(admission.enter(), Err(EngineError::QueueFull { .. })));
        drop(second);
        assert!(admission.enter().is_ok());
        drop(first);
    }

    #[test]
    fn waiting_tokens_are_bounded_but_one_long_prompt_may_wait() {
        let admission = Arc::new(Admission::new(4, 4, 100));
        let mut long = admission.enter().unwrap();
        long.wait_with(500).unwrap();
        let mut short = admission.enter().unwrap();
        assert!(matches!(short.wait_with(1), Err(EngineError::QueueFull { .. })));
        long.seated();
        short.wait_with(60).unwrap();
        assert!(admission.enter().unwrap().wait_with(41).is_err());
        assert!(admission.enter().unwrap().wait_with(40).is_ok());
    }

    #[test]
    fn the_likely_wait_counts_those_ahead_once_a_request_was_seen() {
        let admission = Arc::new(Admission::new(2, 10, 100));
        let mut inside: Vec<_> = (0..3).map(|_| admission.enter().unwrap()).collect();
        assert_eq!(admission.likely_wait(), Duration::ZERO, "nothing was measured yet");
        admission.served(Duration::from_secs(8));
        assert_eq!(admission.likely_wait(), Duration::from_secs(4), "one slot has to fall free");
        inside.extend((0..2).map(|_| admission.enter().unwrap()));
        assert_eq!(admission.likely_wait(), Duration::from_secs(12));
        inside.truncate(2);
        assert_eq!(admission.likely_wait(), Duration::ZERO, "there is a slot for each");
    }

    #[test]
    fn the_time_to_come_back_follows_what_requests_take() {
        let admission = Arc::new(Admission::new(4, 0, 100));
        let _inside: Vec<_> = (0..4).map(|_| admission.enter().unwrap()).collect();
        let wait = || admission.enter().err().and_then(|error| error.retry_after()).unwrap();
        assert_eq!(wait(), Duration::from_secs(1));
        admission.served(Duration::from_secs(8));
        assert_eq!(wait(), Duration::from_secs(2));
        admission.served(Duration::from_secs(80));
        assert!(wait() > Duration::from_secs(2) && wait() < Duration::from_secs(20));
    }

    #[test]
    fn the_time_to_come_back_follows_the_queue() {
        let admission = Arc::new(Admission::new(2, 8, 100));
        admission.served(Duration::from_secs(4));
        let _inside: Vec<_> = (0..10).map(|_| admission.enter().unwrap()).collect();
        let wait = admission.enter().err().and_then(|error| error.retry_after()).unwrap();
        assert_eq!(wait, Duration::from_secs(8), "half of eight who wait, two every four seconds");
    }

    #[test]
    fn a_long_silence_lengthens_the_time_to_come_back() {
        let mut admission = Admission::new(1, 0, 100);
        admission.born -= Duration::from_secs(7);
        admission.service.store(1, Ordering::Relaxed);
        let admission = Arc::new(admission);
        let _inside = admission.enter().unwrap();
        admission.quiet.store(0, Ordering::Relaxed);
        let wait = admission.enter().err().and_then(|error| error.retry_after()).unwrap();
        assert!(wait >= Duration::from_secs(7), "{wait:?}");
    }
}
