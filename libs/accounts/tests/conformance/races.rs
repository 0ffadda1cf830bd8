//! Many at once, over two connections: no limit is exceeded, and nothing is counted wrong.

use std::sync::atomic::{AtomicU64, Ordering};

use accounts::{Limits, Settlement};
use futures::future::join_all;

use super::subject::{Subject, charge};

const MANY: u64 = 200;

pub async fn requests_that_race_never_exceed_a_limit(subject: &Subject) {
    // A minute gives one back only after a second and a half.
    let key =
        charge("key", Limits { requests_per_minute: Some(40), concurrency: Some(60), ..Limits::default() });
    let global = charge("global", Limits { tokens_per_month: Some(1_000), ..Limits::default() });
    let asks: Vec<_> = (0..MANY).map(|_| subject.ask(10, &[key.clone(), global.clone()])).collect();
    let race = asks.iter().enumerate().map(|(number, ask)| async move {
        let counters = if number.is_multiple_of(2) { &subject.counters } else { &subject.other_counters };
        counters.reserve(ask).await.unwrap().granted
    });
    let granted = join_all(race).await.into_iter().filter(|granted| *granted).count();
    assert!((40..=42).contains(&granted), "{granted}");
    assert_eq!(subject.left(&global).await, [1_000 - 10 * granted as u64]);
}

pub async fn streams_that_race_are_counted_to_the_token(subject: &Subject) {
    const LIMIT: u64 = 20_000;
    let account =
        charge("a", Limits { tokens_per_day: Some(LIMIT), concurrency: Some(150), ..Limits::default() });
    let (used, refused) = (&AtomicU64::new(0), &AtomicU64::new(0));
    let account = &account;
    let stream = async |number: u64| {
        let counters = if number.is_multiple_of(2) { &subject.counters } else { &subject.other_counters };
        for round in 0..4 {
            let ask = subject.ask(50 + number, std::slice::from_ref(account));
            if !counters.reserve(&ask).await.unwrap().granted {
                refused.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let tokens = (number * 13 + round * 7) % (51 + number);
            let all = used.fetch_add(tokens, Ordering::Relaxed) + tokens;
            assert!(all <= LIMIT, "overshoot");
            counters.settle(&[Settlement { id: ask.id, tokens }]).await.unwrap();
        }
    };
    join_all((0..MANY).map(&stream)).await;
    assert!(refused.load(Ordering::Relaxed) > 0);
    // To the token, and no slot is left behind.
    assert_eq!(subject.left(account).await, [LIMIT - used.load(Ordering::Relaxed), 150]);
}
