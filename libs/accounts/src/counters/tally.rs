//! One account's books, and the arithmetic that Redis's scripts do as well.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{Limits, Measure};

/// What one request or token weighs in a minute's bucket. A bucket of a limit loses that many in a millisecond, so that
/// every sum is one of whole numbers.
pub(crate) const WEIGHT: u64 = 60_000;
/// How long to wait for a running call to end: nobody knows when one does.
const CALL_WAIT: Duration = Duration::from_secs(1);
const DAY: i64 = 86_400_000;

/// What an account has used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// When the books were last brought up to date, in milliseconds since 1970.
    pub at: i64,
    /// What is in the minute's bucket of requests, 60,000 for each.
    pub request_debt: u64,
    /// What is in the minute's bucket of tokens, 60,000 for each.
    pub token_debt: u64,
    /// The day that is counted, in days since 1970.
    pub day: i64,
    /// Requests of that day.
    pub requests_today: u64,
    /// Tokens of that day.
    pub tokens_today: u64,
    /// The month that is counted: twelve times the year, and 0 for January.
    pub month: i64,
    /// Requests of that month.
    pub requests_this_month: u64,
    /// Tokens of that month.
    pub tokens_this_month: u64,
    /// Requests under way.
    pub running: u64,
    /// Tokens of that day that running calls have reserved, and may give back. Those of a replica that is gone count
    /// until the day or the leases of all others are over.
    pub held: u64,
    /// When the last lease of a call that holds tokens ends, in milliseconds since 1970.
    pub held_until: i64,
}

/// What was reserved, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Booking {
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) tokens: u64,
}

/// How far one limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Which one.
    pub measure: Measure,
    /// Its size.
    pub limit: u64,
    /// What is left of it.
    pub left: u64,
    /// When all of it is there again; unknown, and nothing, for slots.
    pub full_in: Duration,
    /// What is used of a day or a month only as running calls have reserved it.
    pub held: u64,
    /// What is in the bucket, beyond what `left` says in whole pieces.
    debt: u64,
}

impl Level {
    /// When so much will be left: nothing if it is, and never if it is more than the limit.
    pub fn wait_for(&self, cost: u64) -> Option<Duration> {
        if cost <= self.left {
            return Some(Duration::ZERO);
        }
        if cost > self.limit {
            return None;
        }
        Some(match self.measure {
            Measure::Concurrency => CALL_WAIT,
            Measure::RequestsPerMinute | Measure::TokensPerMinute => {
                // Saturating: what is in the books came from elsewhere.
                let over = self.debt.saturating_sub((self.limit - cost).saturating_mul(WEIGHT));
                Duration::from_millis(over.div_ceil(self.limit))
            }
            _ if self.is_held(cost) => CALL_WAIT,
            _ => self.full_in,
        })
    }

    /// Whether there would be room if running calls gave back all that they hold: a day or a month is not used up.
    pub fn is_held(&self, cost: u64) -> bool {
        cost > self.left && cost <= self.left.saturating_add(self.held)
    }
}

impl Tally {
    /// Brings the books up to `now`: buckets lose what time has taken, and a new day or month begins with nothing.
    pub(crate) fn roll(&mut self, limits: &Limits, now: i64) {
        // A clock that was set back takes nothing away.
        let passed = u64::try_from(now - self.at).unwrap_or_default();
        self.at = self.at.max(now);
        self.request_debt = drained(self.request_debt, limits.requests_per_minute, passed);
        self.token_debt = drained(self.token_debt, limits.tokens_per_minute, passed);
        let (day, month) = calendar(now);
        if now >= self.held_until {
            self.held = 0;
        }
        if day > self.day {
            (self.day, self.requests_today, self.tokens_today, self.held) = (day, 0, 0, 0);
        }
        if month > self.month {
            (self.month, self.requests_this_month, self.tokens_this_month) = (month, 0, 0);
        }
    }

    /// Adds one request of so many tokens, but for its slot.
    pub(crate) fn add(&mut self, limits: &Limits, tokens: u64) {
        if limits.requests_per_minute.is_some() {
            self.request_debt += WEIGHT;
        }
        if limits.tokens_per_minute.is_some() {
            self.token_debt = self.token_debt.saturating_add(tokens.saturating_mul(WEIGHT));
        }
        self.requests_today += 1;
        self.requests_this_month += 1;
        self.tokens_today = self.tokens_today.saturating_add(tokens);
        self.tokens_this_month = self.tokens_this_month.saturating_add(tokens);
    }

    /// Notes that a call holds tokens until the end of its lease.
    pub(crate) fn hold(&mut self, tokens: u64, until: i64) {
        self.held = self.held.saturating_add(tokens);
        self.extend(until);
    }

    /// Notes that what is held may be so until then.
    pub(crate) fn extend(&mut self, until: i64) {
        self.held_until = self.held_until.max(until);
    }

    /// Puts right what was reserved with what was used, on books that have been brought up to date.
    ///
    /// Of a minute's bucket only what time cannot have taken meanwhile comes back: time takes what was used first, so
    /// `booked - passed` is left at least as long as others put in more than they take out. Anything more would let
    /// somebody use the same minute twice.
    pub(crate) fn settle(&mut self, limits: &Limits, booked: Booking, used: u64) {
        let more = used.saturating_sub(booked.tokens);
        let less = booked.tokens.saturating_sub(used);
        if let Some(limit) = limits.tokens_per_minute {
            let passed = u64::try_from(self.at - booked.at).unwrap_or_default();
            let there = booked.tokens.saturating_mul(WEIGHT).saturating_sub(limit.saturating_mul(passed));
            let back = less.saturating_mul(WEIGHT).min(there);
            self.token_debt =
                self.token_debt.saturating_sub(back).saturating_add(more.saturating_mul(WEIGHT));
        }
        let (day, month) = calendar(booked.at);
        if day == self.day {
            self.held = self.held.saturating_sub(booked.tokens);
        }
        let back = |same: bool| if same { less } else { 0 };
        self.tokens_today = self.tokens_today.saturating_sub(back(day == self.day)).saturating_add(more);
        self.tokens_this_month =
            self.tokens_this_month.saturating_sub(back(month == self.month)).saturating_add(more);
    }

    /// Whether one more request of so many tokens is within every limit.
    pub(crate) fn fits(&self, limits: &Limits, tokens: u64) -> bool {
        self.levels(limits).all(|level| cost(level.measure, tokens) <= level.left)
    }

    /// Every limit, and how far it is used up.
    pub fn levels(&self, limits: &Limits) -> impl Iterator<Item = Level> {
        let all = Measure::ALL.into_iter().filter_map(|measure| Some((measure, limits.of(measure)?)));
        all.map(|(measure, limit)| self.level(measure, limit))
    }

    fn level(&self, measure: Measure, limit: u64) -> Level {
        let bucket = |debt: u64| {
            let room = limit.saturating_mul(WEIGHT).saturating_sub(debt);
            (room / WEIGHT, Duration::from_millis(debt.div_ceil(limit.max(1))), debt, 0)
        };
        let day = || until((self.day + 1) * DAY, self.at);
        let month = || until(month_start(self.month + 1), self.at);
        let quota = |used: u64, reset| (limit.saturating_sub(used), reset, 0, 0);
        let of_tokens = |used: u64, reset| (limit.saturating_sub(used), reset, 0, self.held.min(used));
        let (left, full_in, debt, held) = match measure {
            Measure::RequestsPerMinute => bucket(self.request_debt),
            Measure::TokensPerMinute => bucket(self.token_debt),
            Measure::RequestsPerDay => quota(self.requests_today, day()),
            Measure::TokensPerDay => of_tokens(self.tokens_today, day()),
            Measure::RequestsPerMonth => quota(self.requests_this_month, month()),
            Measure::TokensPerMonth => of_tokens(self.tokens_this_month, month()),
            Measure::Concurrency => quota(self.running, Duration::ZERO),
        };
        Level { measure, limit, left, full_in, held, debt }
    }
}

/// What one request of so many tokens takes of a limit.
pub(crate) const fn cost(measure: Measure, tokens: u64) -> u64 {
    if measure.is_of_tokens() { tokens } else { 1 }
}

fn drained(debt: u64, limit: Option<u64>, passed: u64) -> u64 {
    limit.map_or(0, |limit| debt.saturating_sub(limit.saturating_mul(passed)))
}

fn until(then: i64, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(then - now).unwrap_or_default())
}

/// The day and the month of a time, as the books number them.
pub(crate) fn calendar(millis: i64) -> (i64, i64) {
    let time = Timestamp::from_millisecond(millis).unwrap_or_default();
    let date = time.to_zoned(TimeZone::UTC).date();
    (millis.div_euclid(DAY), i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
}

/// When a month begins.
fn month_start(month: i64) -> i64 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or_default();
    let first = jiff::civil::Date::new(year, 1, 1).unwrap_or_default();
    let date = first.checked_add(month.rem_euclid(12).months()).unwrap_or_default();
    date.to_zoned(TimeZone::UTC).map(|time| time.timestamp().as_millisecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Booking, Tally, calendar, month_start};
    use crate::{Limits, Measure};

    fn at(time: &str) -> i64 {
        time.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn months_begin_on_their_first() {
        for (time, start) in [
            ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
            ("2026-12-05T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
        ] {
            let (_, month) = calendar(at(time));
            assert_eq!(month_start(month + 1), at(start), "{time}");
            assert_eq!(calendar(at(start)).1, month + 1);
        }
    }

    #[test]
    fn a_bucket_is_exact_to_the_millisecond() {
        let limits = Limits { requests_per_minute: Some(7), ..Limits::default() };
        let mut tally = Tally::default();
        tally.roll(&limits, 1_000_000);
        for _ in 0..7 {
            assert!(tally.fits(&limits, 0));
            tally.add(&limits, 0);
        }
        assert!(!tally.fits(&limits, 0));
        // A seventh of a minute is 8571.4 ms.
        let wait = tally.levels(&limits).next().unwrap().wait_for(1).unwrap();
        assert_eq!(wait, Duration::from_millis(8_572));
        tally.roll(&limits, 1_008_571);
        assert!(!tally.fits(&limits, 0));
        tally.roll(&limits, 1_008_572);
        assert!(tally.fits(&limits, 0));
    }

    #[test]
    fn days_and_months_begin_with_nothing_and_a_clock_set_back_changes_nothing() {
        let limits = Limits { requests_per_day: Some(1), requests_per_month: Some(2), ..Limits::default() };
        let mut tally = Tally::default();
        let blocked = |tally: &Tally| {
            tally.levels(&limits).find(|level| level.left == 0).map(|level| (level.measure, level.full_in))
        };
        tally.roll(&limits, at("2026-11-29T23:00:00Z"));
        tally.add(&limits, 0);
        assert_eq!(blocked(&tally), Some((Measure::RequestsPerDay, Duration::from_hours(1))));
        tally.roll(&limits, at("2026-11-30T01:00:00Z"));
        assert_eq!(blocked(&tally), None);
        tally.add(&limits, 0);
        tally.roll(&limits, at("2026-11-29T23:30:00Z"));
        assert_eq!(tally.requests_today, 1);
        tally.requests_today = 0;
        assert_eq!(blocked(&tally), Some((Measure::RequestsPerMonth, Duration::from_hours(23))));
        tally.roll(&limits, at("2026-12-01T00:00:00Z"));
        assert_eq!(blocked(&tally), None);
    }

    #[test]
    fn what_was_not_used_comes_back_once() {
        let limits =
            Limits { tokens_per_minute: Some(1_000), tokens_per_day: Some(9_000), ..Limits::default() };
        let left = |tally: &Tally| tally.levels(&limits).map(|level| level.left).collect::<Vec<_>>();
        let mut tally = Tally::default();
        tally.roll(&limits, 0);
        tally.add(&limits, 1_000);
        let booked = Booking { at: 0, tokens: 1_000 };
        for (after, used, expected) in [
            // At once: all that was not used.
            (0, 100, 900),
            // Half of it has come back by itself, in which the used part is.
            (30_000, 100, 1_000),
            (30_000, 700, 800),
            (60_000, 0, 1_000),
        ] {
            let mut tally = tally.clone();
            tally.roll(&limits, after);
            tally.settle(&limits, booked, used);
            assert_eq!(left(&tally), [expected, 9_000 - used], "{used} after {after} ms");
        }
        // Somebody else has used the minute that came back.
        tally.roll(&limits, 60_000);
        tally.add(&limits, 1_000);
        tally.settle(&limits, booked, 0);
        assert_eq!(left(&tally)[0], 0);
        tally.settle(&limits, booked, 1_500);
        assert_eq!(left(&tally), [0, 9_000 - 1_500]);
    }

    #[test]
    fn a_day_that_running_calls_hold_is_not_used_up() {
        let limits = Limits { tokens_per_day: Some(100), ..Limits::default() };
        let wait = |tally: &Tally, cost| tally.levels(&limits).next().unwrap().wait_for(cost).unwrap();
        let soon = Duration::from_secs(1);
        let begun = at("2026-11-29T22:00:00Z");
        let midnight = Duration::from_hours(2);
        let mut tally = Tally::default();
        tally.roll(&limits, begun);
        for tokens in [60, 30] {
            tally.add(&limits, tokens);
            tally.hold(tokens, begun + 30_000);
        }
        // 10 are left: others wait for one of both calls to end.
        assert_eq!((wait(&tally, 11), wait(&tally, 100)), (soon, soon));
        tally.settle(&limits, Booking { at: begun, tokens: 60 }, 60);
        // Of these nothing comes back, but the other 30 may.
        assert_eq!((wait(&tally, 40), wait(&tally, 41)), (soon, midnight));
        // Renewed, they still may, and without a word from their holder they are used.
        tally.extend(begun + 60_000);
        tally.roll(&limits, begun + 59_999);
        assert_eq!(wait(&tally, 40), soon);
        tally.roll(&limits, begun + 60_000);
        assert_eq!(wait(&tally, 40), Duration::from_mins(119));
        // What was held yesterday is nothing to today.
        tally.roll(&limits, begun + 7_200_000);
        tally.add(&limits, 50);
        tally.hold(50, begun + 7_230_000);
        tally.settle(&limits, Booking { at: begun, tokens: 30 }, 0);
        assert_eq!((tally.tokens_today, tally.held), (50, 50));
    }

    #[test]
    fn what_is_larger_than_a_limit_never_fits() {
        let limits = Limits { tokens_per_minute: Some(100), ..Limits::default() };
        let tally = Tally::default();
        assert!(tally.fits(&limits, 100) && !tally.fits(&limits, 101));
        assert_eq!(tally.levels(&limits).next().unwrap().wait_for(101), None);
    }
}
