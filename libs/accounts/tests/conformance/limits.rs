//! Limits: what fits, what does not, and what comes back.

use std::time::Duration;

use accounts::{Limits, Measure};
use jiff::{Timestamp, tz::TimeZone};

use super::subject::{LEASE, Subject, charge, eventually};

fn only(measure: Measure, limit: u64) -> Limits {
    let mut limits = Limits::default();
    let place = match measure {
        Measure::RequestsPerMinute => &mut limits.requests_per_minute,
        Measure::TokensPerMinute => &mut limits.tokens_per_minute,
        Measure::RequestsPerDay => &mut limits.requests_per_day,
        Measure::TokensPerDay => &mut limits.tokens_per_day,
        Measure::RequestsPerMonth => &mut limits.requests_per_month,
        Measure::TokensPerMonth => &mut limits.tokens_per_month,
        Measure::Concurrency => &mut limits.concurrency,
    };
    *place = Some(limit);
    limits
}

pub async fn each_limit_refuses_what_is_beyond_it(subject: &Subject) {
    for measure in Measure::ALL {
        let account = charge(measure.field(), only(measure, 2));
        let one = std::slice::from_ref(&account);
        for left in [1, 0] {
            assert!(subject.reserve(1, one).await.is_some(), "{measure}");
            assert_eq!(subject.left(&account).await, [left], "{measure}");
        }
        assert!(subject.reserve(1, one).await.is_none(), "{measure}");
        let other = charge(&format!("other{}", measure.field()), only(measure, 2));
        assert!(subject.reserve(1, &[other]).await.is_some(), "{measure}");
        // More than there can ever be.
        if measure.is_of_tokens() {
            let small = charge(&format!("small{}", measure.field()), only(measure, 100));
            assert!(subject.reserve(101, std::slice::from_ref(&small)).await.is_none());
            assert!(subject.reserve(100, &[small]).await.is_some());
        }
        // No tokens are within any limit of tokens.
        assert_eq!(subject.reserve(0, one).await.is_some(), measure.is_of_tokens(), "{measure}");
    }
    let largest = charge("largest", only(Measure::TokensPerMinute, 100_000_000_000));
    assert!(subject.reserve(100_000_000_000, std::slice::from_ref(&largest)).await.is_some());
    assert!(subject.reserve(100_000_000_000, &[largest]).await.is_none());
}

pub async fn a_reservation_is_whole_or_not_at_all(subject: &Subject) {
    let key = charge("key", Limits { tokens_per_day: Some(100), concurrency: Some(9), ..Limits::default() });
    let global = charge("global", only(Measure::TokensPerDay, 50));
    let both = [key.clone(), global.clone()];
    assert!(subject.reserve(60, &both).await.is_none());
    assert_eq!((subject.left(&key).await, subject.left(&global).await), (vec![100, 9], vec![50]));
    assert!(subject.reserve(50, &both).await.is_some());
    assert!(subject.reserve(1, &both).await.is_none());
    assert_eq!((subject.left(&key).await, subject.left(&global).await), (vec![50, 8], vec![0]));
}

pub async fn what_was_not_used_comes_back_and_what_was_used_beyond_counts(subject: &Subject) {
    let limits = Limits {
        tokens_per_minute: Some(1_000),
        tokens_per_day: Some(1_000),
        tokens_per_month: Some(1_000),
        requests_per_day: Some(10),
        ..Limits::default()
    };
    let account = charge("a", limits);
    let one = std::slice::from_ref(&account);
    let id = subject.reserve(900, one).await.unwrap();
    subject.settle(&id, 100).await;
    // The request itself was made, and stays.
    assert_eq!(subject.left(&account).await, [900, 9, 900, 900]);
    let id = subject.reserve(10, one).await.unwrap();
    subject.settle(&id, 500).await;
    assert_eq!(subject.left(&account).await, [400, 8, 400, 400]);
    let id = subject.reserve(10, one).await.unwrap();
    subject.settle(&id, 5_000).await;
    assert_eq!(subject.left(&account).await, [0, 7, 0, 0]);
}

pub async fn what_running_calls_hold_is_not_used_up(subject: &Subject) {
    for measure in [Measure::TokensPerDay, Measure::TokensPerMonth] {
        let account = charge(measure.field(), only(measure, 100));
        let one = std::slice::from_ref(&account);
        let level = async || subject.look(one).await.tallies[0].levels(&account.limits).next().unwrap();
        let mut short = subject.ask(60, one);
        short.lease = Duration::from_millis(50);
        assert!(subject.counters.reserve(&short).await.unwrap().granted);
        subject.counters.renew(std::slice::from_ref(&short.id), LEASE).await.unwrap();
        let other = subject.reserve(30, one).await.unwrap();
        let now = level().await;
        assert_eq!((now.left, now.held), (10, 90), "{measure}");
        assert_eq!(now.wait_for(100), Some(Duration::from_secs(1)), "{measure}");
        subject.settle(&other, 30).await;
        let now = level().await;
        assert_eq!((now.left, now.held), (10, 60), "{measure}");
        assert!(now.is_held(70) && !now.is_held(71), "{measure}");
        subject.settle(&short.id, 5).await;
        let now = level().await;
        assert_eq!((now.left, now.held), (65, 0), "{measure}");
        // What nobody renews is as good as used.
        let mut lost = subject.ask(65, one);
        lost.lease = Duration::from_millis(20);
        assert!(subject.counters.reserve(&lost).await.unwrap().granted);
        eventually(async || level().await.held == 0).await;
        assert_eq!(level().await.left, 0, "{measure}");
    }
}

pub async fn the_same_reservation_counts_once(subject: &Subject) {
    let account = charge("a", Limits { tokens_per_day: Some(10), concurrency: Some(1), ..Limits::default() });
    let ask = subject.ask(10, std::slice::from_ref(&account));
    let first = subject.counters.reserve(&ask).await.unwrap();
    let again = subject.other_counters.reserve(&ask).await.unwrap();
    assert!(first.granted && again.granted);
    assert_eq!(first.tallies[0].tokens_today, again.tallies[0].tokens_today);
    subject.settle(&ask.id, 4).await;
    subject.settle(&ask.id, 0).await;
    subject.settle("never-there", 7).await;
    assert_eq!(subject.left(&account).await, [6, 1]);
}

pub async fn a_minute_fills_bit_by_bit(subject: &Subject) {
    // A hundred in a millisecond.
    let account = charge("a", only(Measure::TokensPerMinute, 6_000_000));
    let one = std::slice::from_ref(&account);
    assert!(subject.reserve(6_000_000, one).await.is_some());
    assert!(subject.reserve(6_000_000, one).await.is_none());
    let wait = subject.look(one).await.tallies[0].levels(&account.limits).next().unwrap();
    let wait = wait.wait_for(6_000_000).unwrap();
    assert!(wait > Duration::from_secs(30) && wait <= Duration::from_mins(1), "{wait:?}");
    eventually(async || subject.reserve(100, one).await.is_some()).await;
}

pub async fn a_slot_is_free_when_it_is_settled_or_its_lease_is_over(subject: &Subject) {
    let account = charge("a", only(Measure::Concurrency, 1));
    let one = std::slice::from_ref(&account);
    let id = subject.reserve(0, one).await.unwrap();
    assert!(subject.reserve(0, one).await.is_none());
    subject.settle(&id, 0).await;
    let mut dead = subject.ask(0, one);
    dead.lease = Duration::from_millis(20);
    assert!(subject.counters.reserve(&dead).await.unwrap().granted);
    eventually(async || subject.reserve(0, one).await.is_some()).await;
    // Who comes back from the dead settles what it used, and takes nobody's slot.
    subject.settle(&dead.id, 0).await;
    assert!(subject.reserve(0, one).await.is_none());
}

pub async fn a_renewed_slot_is_held(subject: &Subject) {
    let account = charge("a", only(Measure::Concurrency, 2));
    let one = std::slice::from_ref(&account);
    let mut ask = subject.ask(0, one);
    ask.lease = Duration::from_millis(50);
    assert!(subject.counters.reserve(&ask).await.unwrap().granted);
    subject.counters.renew(&[ask.id.clone(), "never-there".to_owned()], LEASE).await.unwrap();
    // One that nobody renews ends, and the first one is still there.
    let mut other = subject.ask(0, one);
    other.lease = Duration::from_millis(50);
    assert!(subject.counters.reserve(&other).await.unwrap().granted);
    eventually(async || subject.left(&account).await == [1]).await;
    subject.settle(&ask.id, 0).await;
    assert_eq!(subject.left(&account).await, [2]);
}

pub async fn the_books_are_in_the_right_month(subject: &Subject) {
    let verdict = subject.look(&[charge("a", only(Measure::RequestsPerDay, 1))]).await;
    let date = verdict.now.to_zoned(TimeZone::UTC).date();
    let tally = &verdict.tallies[0];
    assert_eq!(tally.month, i64::from(date.year()) * 12 + i64::from(date.month()) - 1);
    assert_eq!(tally.day, verdict.now.as_second().div_euclid(86_400));
    assert!(verdict.now.duration_since(Timestamp::now()).unsigned_abs() < Duration::from_mins(1));
}
