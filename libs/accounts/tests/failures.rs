//! Redis goes away, and comes back.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::{sync::Arc, time::Duration};

use accounts::{
    Account, AccountsError, Clock, KeyArguments, KeyStore, Keyring, KeyringArguments, Keys, LimitTable,
    Limiter, Limits, NewKey, RedisAccounts, RedisOptions, Secret, WhenAway,
};
use fault::{Fault, Kind};
use http::HeaderMap;
use testkit::Redis;

const PATIENCE: Duration = Duration::from_secs(20);

fn accounts(redis: &Redis) -> Arc<RedisAccounts> {
    Arc::new(RedisAccounts::new(&RedisOptions::new(redis.url(), "test")).unwrap())
}

fn table(requests_per_day: u64) -> LimitTable {
    let global = Limits { requests_per_day: Some(requests_per_day), ..Limits::default() };
    LimitTable { global, ..LimitTable::default() }
}

fn who() -> Account {
    Account { id: "a".to_owned(), name: "a".to_owned(), ..Account::default() }
}

async fn eventually(mut look: impl AsyncFnMut() -> bool) {
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    let all = async {
        while !look().await {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("this should have come to be");
}

/// What was granted and what was refused of so many; other errors are counted apart.
async fn tally(limiter: &Limiter, many: usize) -> (usize, usize, usize) {
    let (mut granted, mut refused, mut failed) = (0, 0, 0);
    for _ in 0..many {
        match limiter.reserve(&who(), None, 0).await {
            Ok(_) => granted += 1,
            Err(AccountsError::Limited(_)) => refused += 1,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Unavailable);
                assert!(error.retry_after().is_some());
                failed += 1;
            }
        }
    }
    (granted, refused, failed)
}

#[tokio::test]
async fn closed_limits_refuse_while_redis_is_away_and_know_what_was_used_when_it_is_back() {
    let mut redis = Redis::durable().unwrap();
    let (limiter, _settler) = Limiter::new(accounts(&redis), table(10), WhenAway::Closed).unwrap();
    assert_eq!(tally(&limiter, 4).await, (4, 0, 0));
    redis.kill().unwrap();
    assert_eq!(tally(&limiter, 20).await, (0, 0, 20));
    redis.restart().unwrap();
    eventually(async || limiter.reserve(&who(), None, 0).await.is_ok()).await;
    assert_eq!(tally(&limiter, 20).await, (5, 15, 0));
}

#[tokio::test]
async fn open_limits_hold_to_a_part_while_redis_is_away() {
    let mut redis = Redis::durable().unwrap();
    let open = WhenAway::Open { replicas: 5 };
    let (limiter, _settler) = Limiter::new(accounts(&redis), table(10), open).unwrap();
    assert_eq!(tally(&limiter, 4).await, (4, 0, 0));
    redis.kill().unwrap();
    // A fifth of ten.
    assert_eq!(tally(&limiter, 20).await, (2, 18, 0));
    redis.restart().unwrap();
    eventually(async || limiter.reserve(&who(), None, 0).await.is_ok()).await;
    assert_eq!(tally(&limiter, 20).await, (5, 15, 0));
}

#[tokio::test]
async fn a_frozen_redis_holds_nobody_up_for_longer_than_one_call() {
    let redis = Redis::start().unwrap();
    let options =
        RedisOptions { timeout: Duration::from_millis(200), ..RedisOptions::new(redis.url(), "test") };
    let counters = Arc::new(RedisAccounts::new(&options).unwrap());
    let (limiter, _settler) = Limiter::new(counters, table(100), WhenAway::Closed).unwrap();
    assert_eq!(tally(&limiter, 1).await, (1, 0, 0));
    redis.freeze().unwrap();
    let before = std::time::Instant::now();
    assert_eq!(tally(&limiter, 50).await, (0, 0, 50));
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    redis.thaw().unwrap();
    eventually(async || limiter.reserve(&who(), None, 0).await.is_ok()).await;
}

/// What is reserved while Redis goes away is settled once it is back.
#[tokio::test]
async fn settlements_wait_for_redis() {
    let mut redis = Redis::durable().unwrap();
    let tokens = Limits { tokens_per_day: Some(1_000), ..Limits::default() };
    let table = LimitTable { global: tokens, ..LimitTable::default() };
    let (limiter, settler) = Limiter::new(accounts(&redis), table, WhenAway::Closed).unwrap();
    let scene = async {
        let reserved = limiter.reserve(&who(), None, 1_000).await.unwrap();
        redis.kill().unwrap();
        reserved.settle(400);
        tokio::task::yield_now().await;
        redis.restart().unwrap();
        eventually(async || limiter.reserve(&who(), None, 600).await.is_ok()).await;
        assert!(matches!(limiter.reserve(&who(), None, 1_001).await, Err(AccountsError::Limited(_))));
    };
    settler.run(scene).await;
}

/// A script that the server has forgotten is sent again within the same call.
#[tokio::test]
async fn forgotten_scripts_are_sent_again() {
    let redis = Redis::start().unwrap();
    let (limiter, _settler) = Limiter::new(accounts(&redis), table(10), WhenAway::Closed).unwrap();
    assert_eq!(tally(&limiter, 1).await, (1, 0, 0));
    assert_eq!(redis.ask(&["SCRIPT", "FLUSH"]).unwrap(), "+OK");
    assert_eq!(tally(&limiter, 1).await, (1, 0, 0));
}

#[tokio::test]
async fn known_keys_go_on_while_redis_is_away_and_strangers_are_asked_to_come_back() {
    let mut redis = Redis::durable().unwrap();
    let store = accounts(&redis);
    let file = Keys::load_beside_a_store(&KeyArguments::default()).unwrap();
    let (keyring, _refresher) =
        Keyring::with_store(file, store.clone(), &KeyringArguments::default(), Clock::default());
    let new = || NewKey { owner: "team-a".to_owned(), ..NewKey::default() };
    let (_, known) = store.create(new()).await.unwrap();
    let (_, new) = store.create(new()).await.unwrap();
    let call = async |secret: &Secret| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", secret.as_str()).parse().unwrap());
        keyring.authenticate(&headers).await.map(|account| account.name.clone())
    };
    assert_eq!(call(&known).await.unwrap(), "team-a");
    redis.kill().unwrap();
    assert!(call(&known).await.is_ok());
    assert_eq!(call(&new).await.unwrap_err().kind(), Kind::Unavailable);
    redis.restart().unwrap();
    eventually(async || call(&new).await.is_ok()).await;
    let unknown = call(&Secret::new().unwrap()).await.unwrap_err();
    assert_eq!(unknown.kind(), Kind::Unauthenticated);
    // No secret is anywhere in Redis, and neither is one in what is logged.
    let dump = redis.ask(&["EVAL", "local all = {} for _, k in ipairs(redis.call('KEYS', '{test}:k:*')) do all[#all + 1] = table.concat(redis.call('HVALS', k), ' ') end return table.concat(all, ' ')", "0"]).unwrap();
    assert!(dump.contains("team-a") && !dump.contains(known.as_str()), "{dump}");
}
