use std::sync::atomic::{AtomicU64, Ordering};

use fault::{Fault, Kind};
use futures::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, interval_at};

use super::*;
use crate::{Limits, Measure};

/// Time passes, on the paused clock.
async fn a_moment(time: Duration) {
    interval_at(Instant::now() + time, time).tick().await;
}

/// A clock that goes with tokio's, so that a test can pause it.
fn clock() -> Clock {
    let (start, base) = (Instant::now(), "2026-11-27T12:00:00Z".parse::<Timestamp>().unwrap());
    Clock::new(move || base + start.elapsed())
}

fn limiter(table: LimitTable) -> (Limiter, Settler) {
    Limiter::new(Arc::new(MemoryCounters::new(clock())), table, WhenAway::Closed).unwrap()
}

fn global(limits: Limits) -> LimitTable {
    LimitTable { global: limits, ..LimitTable::default() }
}

fn who(id: &str, limits: Limits) -> Account {
    Account { id: id.to_owned(), name: "team-a".to_owned(), limits, ..Account::default() }
}

fn refusal(answer: Result<Reservation, AccountsError>) -> Refusal {
    match answer {
        Err(AccountsError::Limited(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_limited_nothing_is_counted() {
    let (limiter, settler) = limiter(LimitTable::default());
    let free = limiter.reserve(&who("a", Limits::default()), Some("model"), 1_000).await.unwrap();
    assert_eq!(free.standing(), Standing::default());
    assert!(!limiter.bounds(&who("a", Limits::default()), Some("model")) && !free.is_local());
    drop((free, limiter));
    // Without a limiter there is nothing more to settle.
    settler.run(std::future::pending()).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_what_stands_in_the_way_and_for_how_long() {
    let (limiter, _settler) = limiter(global(Limits { requests_per_day: Some(100), ..Limits::default() }));
    let own = Limits { requests_per_minute: Some(2), tokens_per_minute: Some(600), ..Limits::default() };
    let caller = who("a", own);
    let first = limiter.reserve(&caller, Some("m"), 500).await.unwrap();
    let requests = first.standing().requests.unwrap();
    assert_eq!((requests.measure, requests.limit, requests.remaining), (Measure::RequestsPerMinute, 2, 1));
    assert_eq!(requests.reset, Duration::from_secs(30));
    let tokens = first.standing().tokens.unwrap();
    assert_eq!((tokens.limit, tokens.remaining, tokens.reset), (600, 100, Duration::from_secs(50)));

    let refused = limiter.reserve(&caller, Some("m"), 500).await;
    let error = refused.as_ref().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::ResourceExhausted, "RATE_LIMITED"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(40)));
    let said = "this API key may have 600 tokens per minute, of which 100 are left where 500 would be needed; \
                try again in 40 s";
    assert_eq!(error.public_message(), said);
    let refused = refusal(refused);
    assert_eq!(refused.exceeded[0].scope.account(), "key:a");
    assert_eq!(refused.standing.requests.unwrap().remaining, 1, "nothing was counted");

    let never = limiter.reserve(&caller, Some("m"), 601).await.unwrap_err();
    assert_eq!((never.retry_after(), never.reason()), (None, "REQUEST_LARGER_THAN_LIMIT"));
    assert_eq!(never.kind(), Kind::FailedPrecondition, "nobody is to try it again");
    // Another key of the same caller is another account.
    assert!(limiter.reserve(&who("b", own), Some("m"), 500).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn keys_models_and_all_together_are_each_bounded() {
    let one = Limits { concurrency: Some(1), ..Limits::default() };
    let two = Limits { concurrency: Some(2), ..Limits::default() };
    let three = Limits { concurrency: Some(3), ..Limits::default() };
    let models = [("m*".to_owned(), two)].into();
    let (limiter, _settler) = limiter(LimitTable { global: three, keys: one, models });
    let held = [("a", "m1"), ("b", "m1"), ("c", "m2")];
    let reserve = |(id, model)| {
        let limiter = limiter.clone();
        async move { limiter.reserve(&who(id, Limits::default()), Some(model), 0).await }
    };
    let held = join_all(held.map(reserve)).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap();
    let accounts =
        |refused: Refusal| refused.exceeded.iter().map(|one| one.scope.account()).collect::<Vec<_>>();
    assert_eq!(accounts(refusal(reserve(("a", "m1")).await)), ["key:a", "model:m1", "global"]);
    assert_eq!(accounts(refusal(reserve(("d", "m2")).await)), ["global"]);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_charged_is_bounded() {
    let one = Limits { concurrency: Some(1), ..Limits::default() };
    let (free, models) = (who("a", Limits::default()), [("m*".to_owned(), one)].into());
    let (limiter_of_models, _settler) = limiter(LimitTable { models, ..LimitTable::default() });
    assert!(limiter_of_models.bounds(&free, Some("m1")) && limiter_of_models.bounds(&who("a", one), None));
    assert!(!limiter_of_models.bounds(&free, Some("other")) && !limiter_of_models.bounds(&free, None));
    let (limiter_of_all, _settler) = limiter(global(one));
    assert!(limiter_of_all.bounds(&free, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_is_settled_with_what_is_known() {
    let (limiter, settler) = limiter(global(Limits { tokens_per_day: Some(1_000), ..Limits::default() }));
    let caller = who("a", Limits::default());
    let scene = async {
        let left = async || {
            let probe = limiter.reserve(&caller, None, 0).await.unwrap();
            probe.standing().tokens.unwrap().remaining
        };
        let mut stream = limiter.reserve(&caller, None, 900).await.unwrap();
        assert!(limiter.reserve(&caller, None, 200).await.is_err());
        stream.note(100);
        stream.note(150);
        drop(stream);
        a_moment(Duration::from_millis(1)).await;
        assert_eq!(left().await, 850);
        limiter.reserve(&caller, None, 800).await.unwrap().settle(300);
        a_moment(Duration::from_millis(1)).await;
        assert_eq!(left().await, 550);
        // A caller that goes away while it waits has reserved nothing.
        drop(Box::pin(limiter.reserve(&caller, None, 500)));
        assert_eq!(left().await, 550);
    };
    settler.run(scene).await;
}

#[tokio::test(start_paused = true)]
async fn a_slot_lasts_as_long_as_its_stream_and_comes_back_from_a_dead_process() {
    let counters = Arc::new(MemoryCounters::new(clock()));
    let limits = Limits { concurrency: Some(1), ..Limits::default() };
    let process = || Limiter::new(counters.clone(), global(limits), WhenAway::Closed).unwrap();
    let ((one, one_settler), (other, _)) = (process(), process());
    let caller = who("a", Limits::default());
    let long = one.reserve(&caller, None, 0).await.unwrap();
    let alive = async {
        a_moment(Duration::from_mins(10)).await;
        assert_eq!(refusal(other.reserve(&caller, None, 0).await).reason(), "TOO_MANY_AT_ONCE");
    };
    one_settler.run(alive).await;
    // Its settler has ended, as if the process had, and the stream was never settled.
    a_moment(LEASE).await;
    assert!(other.reserve(&caller, None, 0).await.is_ok());
    drop(long);
}

/// Streams that count what they use.
struct Crowd {
    limiter: Limiter,
    limit: u64,
    used: AtomicU64,
    refused: AtomicU64,
}

impl Crowd {
    /// One after the other; each reserves more than it will use.
    async fn member(&self, number: u64) {
        let caller = who(&format!("k{}", number % 7), Limits::default());
        for round in 0..40 {
            match self.limiter.reserve(&caller, Some("m"), 100 + number).await {
                Ok(reserved) => self.stream(reserved, (number * 31 + round * 17) % (101 + number)).await,
                Err(_full) => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    a_moment(Duration::from_millis(3)).await;
                }
            }
        }
    }

    async fn stream(&self, mut reserved: Reservation, tokens: u64) {
        for token in 1..=tokens {
            assert!(self.used.fetch_add(1, Ordering::Relaxed) < self.limit, "overshoot");
            reserved.note(token);
            // Some are slower than others.
            a_moment(Duration::from_millis(1 + token % 2)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_hundred_streams_at_once_never_use_more_than_there_is() {
    let limit = 100_000;
    let (limiter, settler) = limiter(global(Limits { tokens_per_day: Some(limit), ..Limits::default() }));
    let crowd = Crowd { limiter, limit, used: AtomicU64::new(0), refused: AtomicU64::new(0) };
    let all = async { drop(join_all((0..200).map(|number| crowd.member(number))).await) };
    settler.run(all).await;
    let used = crowd.used.load(Ordering::Relaxed);
    assert!(used <= limit && used > limit * 9 / 10, "{used}");
    assert!(crowd.refused.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_by_name() {
    let (limiter, _settler) = limiter(LimitTable::default());
    let caller = who("a", Limits::default());
    for model in ["", "a b", "é", &"m".repeat(129)] {
        let error = limiter.reserve(&caller, Some(model), 0).await.unwrap_err();
        assert_eq!(error.violations()[0].field, "model");
    }
    let error = limiter.reserve(&caller, Some("m"), LARGEST + 1).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "max_tokens");
}
