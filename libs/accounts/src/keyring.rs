//! All keys that open a door: those of the file first, then those of a store.
//!
//! What the store said is believed for 4 seconds, so a revoked key is refused everywhere within 5, and looked up again in
//! the background where a key is in use, so that hardly any request waits for it. `cache` remembers, `lookups` asks.

mod cache;
mod lookups;

use std::{sync::Arc, time::Duration};

use arguments::duration;
use clap::Args;
use fault::{Fault, Kind};
use futures::{StreamExt, stream};
use http::HeaderMap;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::Instant,
};

use self::{cache::Cache, lookups::Lookups};
use crate::{
    Account, AccountsError, Clock, KeyStore, Keys,
    bearer::bearer,
    secret::{self, Digest, Secret, UNKNOWN},
};

/// How long an answer of the store is believed.
const FRESH: Duration = Duration::from_secs(4);
/// When an answer is looked up again in the background, if somebody still needs it.
const AGEING: Duration = Duration::from_secs(2);
/// Keys that wait to be looked up again.
const MOST_AGEING: usize = 1_024;
/// Keys that are looked up again at the same time.
const AT_ONCE: usize = 16;

/// How stored keys are treated.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Keys")]
pub struct KeyringArguments {
    /// How long a key that is known goes on to open the door while Redis is away; a key that was revoked meanwhile does too
    #[arg(long, env = "ONDOL_KEYS_STALE", value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub keys_stale: Duration,
}

impl Default for KeyringArguments {
    fn default() -> Self {
        Self { keys_stale: Duration::from_mins(5) }
    }
}

/// Knows whose key came. A clone is the same keyring.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    file: Keys,
    stored: Option<Stored>,
    clock: Clock,
}

struct Stored {
    cache: Cache,
    lookups: Lookups,
    stale: Duration,
    ageing: Sender<Digest>,
}

/// Looks keys up again before anybody has to wait for it.
pub struct Refresher {
    keyring: Keyring,
    ageing: Receiver<Digest>,
}

impl Keyring {
    /// Only the keys of the file.
    pub fn of_file(file: Keys) -> Self {
        Self(Arc::new(Inner { file, stored: None, clock: Clock::default() }))
    }

    /// The keys of the file and those of a store. Somebody should run the refresher; without it, a request waits for the
    /// store every 4 seconds.
    pub fn with_store(
        file: Keys,
        store: Arc<dyn KeyStore>,
        arguments: &KeyringArguments,
        clock: Clock,
    ) -> (Self, Refresher) {
        let (ask, ageing) = channel(MOST_AGEING);
        let stale = arguments.keys_stale.max(FRESH);
        let stored = Stored { cache: Cache::default(), lookups: Lookups::new(store), stale, ageing: ask };
        let keyring = Self(Arc::new(Inner { file, stored: Some(stored), clock }));
        (keyring.clone(), Refresher { keyring, ageing })
    }

    /// Whose key came in these headers. An error of kind `Unauthenticated` if none did, or one that is not known, has
    /// expired or was revoked; of kind `Unavailable` if that cannot be known at the moment.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Arc<Account>, AccountsError> {
        let secret = bearer(headers)?;
        let digest = secret::digest(secret);
        let now = self.0.clock.now();
        if let Some(account) = self.0.file.find(&digest, now)? {
            return Ok(Arc::clone(account));
        }
        match &self.0.stored {
            // The store has made all its secrets, so it need not be asked about other texts.
            Some(stored) if Secret::is_one(secret) => {
                let known = stored.find(&digest).await?.ok_or(AccountsError::Unauthenticated(UNKNOWN))?;
                known.key.check_alive(now)?;
                Ok(Arc::clone(&known.account))
            }
            _ => Err(AccountsError::Unauthenticated(UNKNOWN)),
        }
    }

    /// The keys of the file.
    pub fn file(&self) -> &Keys {
        &self.0.file
    }
}

/// What is known of a secret: a key, which may have ended, or that there is none.
type Known = Option<Arc<cache::Known>>;

impl Stored {
    async fn find(&self, digest: &Digest) -> Result<Known, AccountsError> {
        let seen = self.cache.get(digest, Instant::now());
        if let Some(seen) = &seen
            && seen.age < FRESH
        {
            // Whoever finds the line full leaves it to the next.
            if seen.known.is_some() && seen.age >= AGEING && self.cache.claim(digest) {
                let _full = self.ageing.try_send(*digest);
            }
            return Ok(seen.known.clone());
        }
        match self.look_up(digest).await {
            Err(away) if away.kind() == Kind::Unavailable => {
                let stale = seen.filter(|seen| seen.known.is_some() && seen.age < self.stale);
                stale.map(|seen| seen.known).ok_or(away)
            }
            answer => answer,
        }
    }

    async fn look_up(&self, digest: &Digest) -> Result<Known, AccountsError> {
        let is_known = self.cache.is_known(digest);
        self.lookups.find(digest, is_known, |key, since| self.cache.put(*digest, key, since)).await
    }
}

impl Refresher {
    /// Runs until `end`.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let Self { keyring, mut ageing } = self;
        let Some(stored) = &keyring.0.stored else { return };
        let digests = stream::poll_fn(|context| ageing.poll_recv(context));
        // What fails here is tried again by whoever needs it.
        let each = |digest| async move { drop(stored.look_up(&digest).await) };
        digests.take_until(end).for_each_concurrent(AT_ONCE, each).await;
    }
}

#[cfg(test)]
mod tests;
