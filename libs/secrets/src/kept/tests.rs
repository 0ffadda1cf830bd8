use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{advance, sleep};

use super::{Keeping, Kept};
use crate::{Keeper, Metrics, Reference, Secret, Secrets, SecretsError};

const KEEPING: Keeping = Keeping { ttl: Duration::from_mins(5), stale: Duration::from_hours(1) };

/// A keeper that says what it is told to, after a while, and counts.
#[derive(Debug)]
struct Told {
    says: Mutex<Result<&'static str, SecretsError>>,
    takes: Mutex<Duration>,
    asked: AtomicUsize,
}

#[async_trait]
impl Keeper for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    async fn fetch(&self, _: &str) -> Result<Secret, SecretsError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let takes = *self.takes.lock().unwrap();
        sleep(takes).await;
        self.says.lock().unwrap().clone().map(Secret::new)
    }
}

fn kept(says: &'static str) -> Kept<Told> {
    let keeper = Told {
        says: Mutex::new(Ok(says)),
        takes: Mutex::new(Duration::from_millis(20)),
        asked: AtomicUsize::new(0),
    };
    Kept::new(keeper, KEEPING, Metrics::default())
}

impl Kept<Told> {
    fn says(&self, answer: Result<&'static str, SecretsError>) {
        *self.keeper.says.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.keeper.asked.load(Ordering::Relaxed)
    }

    async fn value(&self, reference: &str) -> Result<String, SecretsError> {
        self.get(&named(reference)).await.map(|secret| secret.expose().to_owned())
    }
}

fn named(reference: &str) -> Reference {
    reference.parse().unwrap()
}

fn away() -> SecretsError {
    SecretsError::away("the place", "no route")
}

#[tokio::test(start_paused = true)]
async fn one_asks_for_many_and_a_rotation_is_seen() {
    let kept = kept("first");
    let (one, two, three) = tokio::join!(kept.value("a"), kept.value("a"), kept.value("a"));
    assert_eq!(
        (one.unwrap(), two.unwrap(), three.unwrap()),
        ("first".into(), "first".into(), "first".into())
    );
    assert_eq!(kept.asked(), 1);
    kept.says(Ok("second"));
    advance(Duration::from_mins(4)).await;
    assert_eq!(kept.value("a").await.unwrap(), "first");
    advance(Duration::from_mins(2)).await;
    assert_eq!(kept.value("a").await.unwrap(), "second");
}

#[tokio::test(start_paused = true)]
async fn an_older_value_is_used_while_the_keeper_is_away_but_not_for_ever() {
    let kept = kept("old");
    kept.value("a").await.unwrap();
    kept.says(Err(away()));
    advance(Duration::from_mins(10)).await;
    for _ in 0..100 {
        assert_eq!(kept.value("a").await.unwrap(), "old");
    }
    assert_eq!(kept.asked(), 2, "a keeper in trouble is not asked by every call");
    advance(Duration::from_hours(1)).await;
    assert!(matches!(kept.value("a").await, Err(SecretsError::Away { .. })));
    kept.says(Ok("new"));
    advance(Duration::from_secs(3)).await;
    assert_eq!(kept.value("a").await.unwrap(), "new");
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_is_gone_at_once() {
    let kept = kept("old");
    kept.value("a").await.unwrap();
    kept.says(Err(SecretsError::missing("a")));
    advance(Duration::from_mins(10)).await;
    assert!(matches!(kept.value("a").await, Err(SecretsError::NotFound { .. })));
}

#[tokio::test(start_paused = true)]
async fn whoever_was_refused_gets_a_newer_one_but_cannot_wear_the_keeper_out() {
    let kept = kept("old");
    kept.value("a").await.unwrap();
    kept.says(Ok("new"));
    kept.refresh(&named("a")).await;
    assert_eq!(kept.value("a").await.unwrap(), "old", "it was fetched a moment ago");
    advance(Duration::from_secs(3)).await;
    for _ in 0..10 {
        kept.refresh(&named("a")).await;
        assert_eq!(kept.value("a").await.unwrap(), "new");
    }
    assert_eq!(kept.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn fields_are_taken_out_of_json() {
    let kept = kept(r#"{"id": "me", "key": "hunter2", "n": 7, "deep": {"a": 1}}"#);
    assert_eq!(kept.value("a#key").await.unwrap(), "hunter2");
    assert_eq!(kept.value("a#n").await.unwrap(), "7");
    for wrong in ["a#none", "a#deep"] {
        let error = kept.value(wrong).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    kept.says(Ok("hunter2 is not JSON"));
    advance(Duration::from_mins(6)).await;
    let error = kept.value("a#key").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    assert_eq!(format!("{:?}", kept.get(&named("a")).await.unwrap()), "Secret");
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_hangs_holds_nobody_up_who_has_an_older_value() {
    let kept = kept("old");
    kept.value("a").await.unwrap();
    *kept.keeper.takes.lock().unwrap() = Duration::from_secs(10);
    kept.says(Ok("new"));
    advance(Duration::from_mins(10)).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(kept.value("a").await.unwrap(), "old");
    assert!(begun.elapsed() < Duration::from_secs(1));
    // Whoever comes later finds the same fetch, as far as it got.
    advance(Duration::from_secs(10)).await;
    assert_eq!(kept.value("a").await.unwrap(), "new");
    assert_eq!(kept.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_does_not_end_the_fetch() {
    let kept = kept("first");
    *kept.keeper.takes.lock().unwrap() = Duration::from_secs(3);
    for _ in 0..2 {
        let left = tokio::time::timeout(Duration::from_secs(1), kept.value("a")).await;
        assert!(left.is_err());
    }
    assert_eq!(kept.value("a").await.unwrap(), "first");
    assert_eq!(kept.asked(), 1);
}
