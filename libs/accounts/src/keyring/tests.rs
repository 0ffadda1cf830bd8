use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fault::{Fault, Kind};
use futures::{FutureExt, future::join_all};
use jiff::Timestamp;
use tokio::time::{advance, interval_at};

use super::*;
use crate::{Key, KeyArguments, KeyPage, MemoryKeys, NewKey, counters::Answered};

/// Time passes, on the paused clock.
async fn a_moment(time: Duration) {
    interval_at(Instant::now() + time, time).tick().await;
}

/// A store that counts, takes a moment, and can be away.
#[derive(Default)]
struct Remote {
    keys: MemoryKeys,
    lookups: AtomicUsize,
    is_away: AtomicBool,
}

impl KeyStore for Remote {
    fn create(&self, new: NewKey) -> Answered<'_, (Key, Secret)> {
        self.keys.create(new)
    }

    fn get<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        self.keys.get(id)
    }

    fn find<'a>(&'a self, sha256: &'a [u8; 32]) -> Answered<'a, Option<Key>> {
        async move {
            self.lookups.fetch_add(1, Ordering::Relaxed);
            a_moment(Duration::from_millis(1)).await;
            if self.is_away.load(Ordering::Relaxed) {
                return Err(AccountsError::redis("look a key up", "gone"));
            }
            self.keys.find(sha256).await
        }
        .boxed()
    }

    fn list<'a>(
        &'a self,
        owner: Option<&'a str>,
        size: u32,
        after: Option<&'a str>,
    ) -> Answered<'a, KeyPage> {
        self.keys.list(owner, size, after)
    }

    fn revoke<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        self.keys.revoke(id)
    }
}

struct Scene {
    remote: Arc<Remote>,
    keyring: Keyring,
    refresher: Refresher,
}

fn scene() -> Scene {
    let remote = Arc::new(Remote::default());
    let file = Keys::load_beside_a_store(&KeyArguments::default()).unwrap();
    let store = Arc::clone(&remote) as Arc<dyn KeyStore>;
    let (keyring, refresher) =
        Keyring::with_store(file, store, &KeyringArguments::default(), Clock::default());
    Scene { remote, keyring, refresher }
}

impl Scene {
    async fn key(&self) -> (Key, Secret) {
        self.remote.create(NewKey { owner: "team-a".to_owned(), ..NewKey::default() }).await.unwrap()
    }

    fn lookups(&self) -> usize {
        self.remote.lookups.load(Ordering::Relaxed)
    }
}

async fn call(keyring: &Keyring, secret: &Secret) -> Result<Arc<Account>, AccountsError> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {}", secret.as_str()).parse().unwrap());
    keyring.authenticate(&headers).await
}

async fn refused(keyring: &Keyring, secret: &Secret) -> Kind {
    call(keyring, secret).await.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_is_refused_everywhere_within_five_seconds() {
    let scene = scene();
    let (key, secret) = scene.key().await;
    assert_eq!(call(&scene.keyring, &secret).await.unwrap().name, "team-a");
    scene.remote.revoke(&key.id).await.unwrap();
    // The worst case: the store was asked just before.
    assert!(call(&scene.keyring, &secret).await.is_ok());
    advance(FRESH).await;
    let error = call(&scene.keyring, &secret).await.unwrap_err();
    assert!(error.kind() == Kind::Unauthenticated && error.public_message().contains("revoked"), "{error}");
    assert!(FRESH < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_is_looked_up_behind_the_callers_backs() {
    let Scene { remote, keyring, refresher } = scene();
    let new = NewKey { owner: "team-a".to_owned(), ..NewKey::default() };
    let (key, secret) = remote.create(new).await.unwrap();
    call(&keyring, &secret).await.unwrap();
    let use_it = async {
        for _ in 0..100 {
            let before = Instant::now();
            call(&keyring, &secret).await.unwrap();
            assert_eq!(before.elapsed(), Duration::ZERO, "a caller had to wait");
            a_moment(Duration::from_millis(300)).await;
        }
        // Every two seconds and a bit of 30 seconds.
        let lookups = remote.lookups.load(Ordering::Relaxed);
        assert!((10..=16).contains(&lookups), "{lookups}");
        remote.revoke(&key.id).await.unwrap();
        let revoked = Instant::now();
        while call(&keyring, &secret).await.is_ok() {
            a_moment(Duration::from_millis(100)).await;
        }
        assert!(revoked.elapsed() < Duration::from_secs(5), "{:?}", revoked.elapsed());
    };
    refresher.run(use_it).await;
}

#[tokio::test(start_paused = true)]
async fn who_asks_the_same_waits_for_one_answer() {
    let scene = scene();
    let (_, secret) = scene.key().await;
    let calls = join_all((0..100).map(|_| call(&scene.keyring, &secret))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!(scene.lookups(), 1);
    // One who goes away leaves the question to the others.
    advance(FRESH).await;
    let (gone, stays) = (call(&scene.keyring, &secret), call(&scene.keyring, &secret));
    let mut gone = Box::pin(gone);
    assert!(gone.as_mut().now_or_never().is_none());
    drop(gone);
    assert!(stays.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_guesses_costs_the_store_little_and_known_keys_nothing() {
    let scene = scene();
    let (_, secret) = scene.key().await;
    call(&scene.keyring, &secret).await.unwrap();
    let guesses: Vec<_> = (0..5_000).map(|_| Secret::new().unwrap()).collect();
    let kinds = join_all(guesses.iter().map(|guess| refused(&scene.keyring, guess))).await;
    let unknown = kinds.iter().filter(|kind| **kind == Kind::Unauthenticated).count();
    assert_eq!((unknown, scene.lookups()), (200, 201));
    assert!(kinds.iter().all(|kind| matches!(kind, Kind::Unauthenticated | Kind::Unavailable)));
    // The same again is remembered, and other texts are not looked up at all.
    let again = refused(&scene.keyring, &guesses[0]).await;
    assert_eq!((again, scene.lookups()), (kinds[0], 201));
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Bearer guess".parse().unwrap());
    assert_eq!(scene.keyring.authenticate(&headers).await.unwrap_err().kind(), Kind::Unauthenticated);
    assert_eq!(scene.lookups(), 201);
    advance(Duration::from_millis(3_990)).await;
    let more = (0..500).map(|_| Secret::new().unwrap()).collect::<Vec<_>>();
    join_all(more.iter().map(|guess| refused(&scene.keyring, guess))).await;
    advance(Duration::from_millis(10)).await;
    assert!(call(&scene.keyring, &secret).await.is_ok(), "a known key is looked up all the same");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_away_known_keys_go_on_for_a_while_and_nobody_is_called_unknown() {
    let scene = scene();
    let ((_, secret), (_, new)) = (scene.key().await, scene.key().await);
    call(&scene.keyring, &secret).await.unwrap();
    scene.remote.is_away.store(true, Ordering::Relaxed);
    advance(FRESH).await;
    for _ in 0..100 {
        assert!(call(&scene.keyring, &secret).await.is_ok());
        let error = call(&scene.keyring, &new).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.retry_after().is_some());
    }
    // One asks the store, and the others do not wait to hear that it is away.
    assert_eq!(scene.lookups(), 2);
    advance(Duration::from_mins(4)).await;
    assert!(call(&scene.keyring, &secret).await.is_ok());
    advance(Duration::from_mins(1)).await;
    assert_eq!(refused(&scene.keyring, &secret).await, Kind::Unavailable);
    scene.remote.is_away.store(false, Ordering::Relaxed);
    advance(Duration::from_secs(1)).await;
    assert!(call(&scene.keyring, &secret).await.is_ok() && call(&scene.keyring, &new).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_key_ends_when_it_expires_however_fresh_it_is() {
    let remote = Arc::new(Remote::default());
    let is_later = Arc::new(AtomicBool::new(false));
    let (start, end) = (Timestamp::now(), Timestamp::now() + Duration::from_mins(1));
    let look = Arc::clone(&is_later);
    let clock = Clock::new(move || if look.load(Ordering::Relaxed) { end } else { start });
    let file = Keys::load_beside_a_store(&KeyArguments::default()).unwrap();
    let (keyring, _refresher) =
        Keyring::with_store(file, remote.clone(), &KeyringArguments::default(), clock);
    let new = NewKey { owner: "a".to_owned(), expires: Some(end), ..NewKey::default() };
    let (_, secret) = remote.create(new).await.unwrap();
    assert!(call(&keyring, &secret).await.is_ok());
    is_later.store(true, Ordering::Relaxed);
    let error = call(&keyring, &secret).await.unwrap_err();
    assert!(error.kind() == Kind::Unauthenticated && error.public_message().contains("expired"), "{error}");
}

#[tokio::test]
async fn keys_of_the_file_need_no_store() {
    let secret = Secret::new().unwrap();
    let pair = format!("laptop:{}", secret.sha256());
    let file = Keys::load(&KeyArguments { api_keys_file: None, api_keys: vec![pair] }).unwrap();
    let keyring = Keyring::of_file(file);
    let account = call(&keyring, &secret).await.unwrap();
    assert_eq!((account.id.as_str(), account.name.as_str()), ("file:laptop", "laptop"));
    assert_eq!(refused(&keyring, &Secret::new().unwrap()).await, Kind::Unauthenticated);
}
