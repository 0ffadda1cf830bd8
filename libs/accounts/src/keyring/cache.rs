//! What the store said, for a while and within bounds.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::{Account, Key, secret::Digest};

/// Keys that are remembered; more are in use nowhere.
const MOST_KNOWN: usize = 10_000;
/// Secrets that are remembered to be nobody's.
const MOST_UNKNOWN: usize = 10_000;

/// A key, and whoever calls with it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) key: Key,
    pub(super) account: Arc<Account>,
}

/// What was said, and how long ago the store was asked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) known: Option<Arc<Known>>,
    pub(super) age: Duration,
}

/// Those of keys and those of nobody are apart, so that a flood of guesses drives no key out.
#[derive(Default)]
pub(super) struct Cache {
    known: Mutex<Shelf<MOST_KNOWN>>,
    unknown: Mutex<Shelf<MOST_UNKNOWN>>,
}

/// Entries by digest; the oldest one makes room.
#[derive(Default)]
struct Shelf<const MOST: usize> {
    entries: HashMap<Digest, Entry>,
    order: VecDeque<Digest>,
}

struct Entry {
    known: Option<Arc<Known>>,
    since: Instant,
    /// Whether somebody is to look again.
    claimed: bool,
}

impl Cache {
    pub(super) fn get(&self, digest: &Digest, now: Instant) -> Option<Seen> {
        let found = lock(&self.known).get(digest, now);
        found.or_else(|| lock(&self.unknown).get(digest, now))
    }

    pub(super) fn is_known(&self, digest: &Digest) -> bool {
        lock(&self.known).entries.contains_key(digest)
    }

    /// The right to look again, which the first to ask has until there is an answer.
    pub(super) fn claim(&self, digest: &Digest) -> bool {
        let mut known = lock(&self.known);
        known.entries.get_mut(digest).is_some_and(|entry| !std::mem::replace(&mut entry.claimed, true))
    }

    /// Keeps what the store said when it was asked at `since`.
    pub(super) fn put(&self, digest: Digest, key: Option<Key>, since: Instant) -> Option<Arc<Known>> {
        let found = key.map(|key| Arc::new(Known { account: Arc::new(key.account()), key }));
        let entry = Entry { known: found.clone(), since, claimed: false };
        // A key that has gone stays on its shelf, as nobody's.
        if found.is_some() || self.is_known(&digest) {
            lock(&self.known).put(digest, entry);
        } else {
            lock(&self.unknown).put(digest, entry);
        }
        found
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<const MOST: usize> Shelf<MOST> {
    fn get(&self, digest: &Digest, now: Instant) -> Option<Seen> {
        let entry = self.entries.get(digest)?;
        // The table has compared digests in a time that depends on them, and not on the secret that they hide.
        let is_it = entry.known.as_ref().is_none_or(|known| known.key.digest.ct_eq(digest).into());
        is_it.then(|| Seen { known: entry.known.clone(), age: now.duration_since(entry.since) })
    }

    fn put(&mut self, digest: Digest, entry: Entry) {
        if let Some(old) = self.entries.get_mut(&digest) {
            // Of two answers that cross, the later question's counts.
            if entry.since >= old.since {
                *old = entry;
            }
            return;
        }
        if self.entries.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.entries.insert(digest, entry);
        self.order.push_back(digest);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{Cache, MOST_UNKNOWN};

    #[test]
    fn strangers_are_remembered_within_bounds() {
        let (cache, now) = (Cache::default(), Instant::now());
        let digest = |number: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_le_bytes());
            digest
        };
        for number in 0..=MOST_UNKNOWN {
            cache.put(digest(number), None, now);
        }
        assert!(cache.get(&digest(0), now).is_none() && cache.get(&digest(1), now).is_some());
        let unknown = cache.unknown.lock().unwrap();
        assert_eq!((unknown.entries.len(), unknown.order.len()), (MOST_UNKNOWN, MOST_UNKNOWN));
    }
}
