use std::{
    future::ready,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use fault::{Fault, Kind};
use futures::future::join_all;
use serde_json::json;
use tokio::time::advance;

use super::*;
use crate::public_key;

const STALE: Duration = Duration::from_hours(1);

/// An issuer that counts, publishes keys of these names, and can be away.
struct Issuer {
    names: Mutex<Option<Vec<&'static str>>>,
    asked: AtomicUsize,
}

impl Issuer {
    fn publishing(names: &[&'static str]) -> Self {
        Self { names: Mutex::new(Some(names.to_vec())), asked: AtomicUsize::new(0) }
    }

    fn publish(&self, names: Option<&[&'static str]>) {
        *self.names.lock().unwrap() = names.map(<[_]>::to_vec);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn keys(&self) -> Result<Vec<PublicKey>, IdentityError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let names = self.names.lock().unwrap().clone();
        let names = names.ok_or_else(|| IdentityError::Answer("nothing".to_owned()))?;
        let key = |name: &&str| json!({"kty": "RSA", "kid": name, "n": "AQAB", "e": "AQAB"});
        let set = json!({ "keys": names.iter().map(key).collect::<Vec<_>>() });
        Ok(public_key::read(&set, &[Algorithm::RS256]))
    }
}

/// Does something while somebody keeps the keys fresh.
async fn beside(issuer: &Issuer, published: &Published, doing: impl Future<Output = ()>) {
    tokio::select! {
        () = published.keep_fresh(|| ready(issuer.keys())) => {}
        () = doing => {}
    }
}

async fn find(published: &Published, id: &str) -> Result<(), Kind> {
    let found = published.find(Some(id), Algorithm::RS256).await;
    found.map(drop).map_err(|error| error.kind())
}

/// Has the other side of `beside` take its turn.
async fn a_moment() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

async fn pass(time: Duration) {
    a_moment().await;
    advance(time + Duration::from_millis(1)).await;
    a_moment().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_when_the_first_token_names_it() {
    let (issuer, published) = (Issuer::publishing(&["a"]), Published::new("corp", STALE));
    let scene = async {
        // The first caller waits for the first fetch.
        assert_eq!(find(&published, "a").await, Ok(()));
        issuer.publish(Some(&["b", "c"]));
        pass(REST).await;
        assert_eq!(find(&published, "a").await, Ok(()), "what is known asks nobody");
        assert_eq!(issuer.asked(), 1);
        assert_eq!(find(&published, "b").await, Ok(()));
        assert_eq!(find(&published, "c").await, Ok(()));
        assert_eq!(issuer.asked(), 2);
        assert_eq!(find(&published, "a").await, Err(Kind::Unauthenticated), "withdrawn");
    };
    beside(&issuer, &published, scene).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_random_names_costs_the_issuer_one_question_in_half_a_minute() {
    let (issuer, published) = (Issuer::publishing(&["a"]), Published::new("corp", STALE));
    let scene = async {
        assert_eq!(find(&published, "a").await, Ok(()));
        for round in 0..4 {
            let names: Vec<_> = (0..500).map(|number| format!("{round}-{number}")).collect();
            let answers = join_all(names.iter().map(|name| find(&published, name))).await;
            assert!(answers.iter().all(|answer| *answer == Err(Kind::Unauthenticated)), "{answers:?}");
            pass(Duration::from_secs(10)).await;
        }
        // At once, and after 30 seconds.
        assert!(issuer.asked() <= 2, "{}", issuer.asked());
        assert_eq!(find(&published, "a").await, Ok(()));
    };
    beside(&issuer, &published, scene).await;
}

#[tokio::test(start_paused = true)]
async fn known_keys_go_on_while_the_issuer_is_away_but_not_for_ever() {
    let (issuer, published) = (Issuer::publishing(&["a"]), Published::new("corp", STALE));
    let scene = async {
        assert_eq!(find(&published, "a").await, Ok(()));
        issuer.publish(None);
        pass(REFRESH).await;
        assert_eq!(issuer.asked(), 2);
        assert_eq!(find(&published, "a").await, Ok(()));
        // It may well be a new one.
        assert_eq!(find(&published, "b").await, Err(Kind::Unavailable));
        pass(STALE.checked_sub(REFRESH).unwrap()).await;
        let error = published.find(Some("a"), Algorithm::RS256).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.retry_after().is_some_and(|time| time <= REST));
        issuer.publish(Some(&["a"]));
        pass(REST).await;
        assert_eq!(find(&published, "a").await, Ok(()));
    };
    beside(&issuer, &published, scene).await;
}

#[tokio::test(start_paused = true)]
async fn withdrawn_keys_are_forgotten_though_nobody_asks_for_new_ones() {
    let (issuer, published) = (Issuer::publishing(&["a"]), Published::new("corp", STALE));
    let scene = async {
        assert_eq!(find(&published, "a").await, Ok(()));
        issuer.publish(Some(&["b"]));
        pass(REFRESH).await;
        assert_eq!(find(&published, "a").await, Err(Kind::Unauthenticated));
    };
    beside(&issuer, &published, scene).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_name_is_taken_where_one_key_can_be_meant() {
    let (issuer, published) = (Issuer::publishing(&["a"]), Published::new("corp", STALE));
    let scene = async {
        assert!(published.find(None, Algorithm::RS256).await.is_ok());
        let other = published.find(None, Algorithm::ES256).await.map(drop).unwrap_err();
        assert!(matches!(other, IdentityError::Refused(Refusal::Key)), "{other}");
        let other = published.find(Some("a"), Algorithm::ES256).await.map(drop).unwrap_err();
        assert!(matches!(other, IdentityError::Refused(Refusal::Algorithm)), "{other}");
        issuer.publish(Some(&["a", "b"]));
        pass(REFRESH).await;
        let several = published.find(None, Algorithm::RS256).await.map(drop).unwrap_err();
        assert!(matches!(several, IdentityError::Refused(Refusal::KeyNotNamed)), "{several}");
    };
    beside(&issuer, &published, scene).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_for_keys_that_do_not_come() {
    let published = Published::new("corp", STALE);
    assert_eq!(find(&published, "a").await, Err(Kind::Unavailable));
}
