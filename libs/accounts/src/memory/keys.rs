//! Keys in memory.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::FutureExt;
use subtle::ConstantTimeEq;

use crate::{
    AccountsError, Clock, Key, KeyPage, KeyStore, NewKey, Secret,
    counters::Answered,
    secret::Digest,
    store::{ENDED_KEPT, MOST_KEYS, check_page, is_id, not_found},
};

/// Keys of one process.
#[derive(Debug, Default)]
pub struct MemoryKeys {
    clock: Clock,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    keys: BTreeMap<String, Key>,
    ids: BTreeMap<Digest, String>,
}

impl MemoryKeys {
    /// No keys yet.
    pub fn new(clock: Clock) -> Self {
        Self { clock, books: Mutex::default() }
    }

    /// The books, without what ended too long ago.
    fn books(&self) -> MutexGuard<'_, Books> {
        let now = self.clock.now();
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept =
            |key: &Key| key.ended(now).is_none_or(|end| now.duration_since(end).unsigned_abs() < ENDED_KEPT);
        if !books.keys.values().all(is_kept) {
            let Books { keys, ids } = &mut *books;
            keys.retain(|_, key| is_kept(key));
            ids.retain(|_, id| keys.contains_key(id));
        }
        books
    }

    fn add(&self, new: NewKey) -> Result<(Key, Secret), AccountsError> {
        let now = self.clock.now();
        new.check(now)?;
        let secret = Secret::new()?;
        let key = new.into_key(&secret, now);
        let mut books = self.books();
        if books.keys.len() as u64 >= MOST_KEYS {
            return Err(AccountsError::TooManyKeys { most: MOST_KEYS });
        }
        books.ids.insert(key.digest, key.id.clone());
        books.keys.insert(key.id.clone(), key.clone());
        Ok((key, secret))
    }

    fn page(&self, owner: Option<&str>, size: u32, after: Option<&str>) -> Result<KeyPage, AccountsError> {
        check_page(size, after)?;
        let books = self.books();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let later = books.keys.range::<str, _>((start, Bound::Unbounded)).map(|(_, key)| key);
        let mut own = later.filter(|key| owner.is_none_or(|owner| key.owner == owner));
        let keys: Vec<_> = own.by_ref().take(size as usize).cloned().collect();
        let next = own.next().and(keys.last()).map(|last| last.id.clone());
        Ok(KeyPage { keys, next })
    }

    fn end(&self, id: &str) -> Result<Key, AccountsError> {
        let now = self.clock.now();
        let mut books = self.books();
        let key = books.keys.get_mut(id).ok_or_else(|| not_found(id))?;
        key.revoked.get_or_insert(now);
        Ok(key.clone())
    }
}

impl KeyStore for MemoryKeys {
    fn create(&self, new: NewKey) -> Answered<'_, (Key, Secret)> {
        async move { self.add(new) }.boxed()
    }

    fn get<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        async move {
            let found = self.books().keys.get(id).cloned();
            found.filter(|_| is_id(id)).ok_or_else(|| not_found(id))
        }
        .boxed()
    }

    fn find<'a>(&'a self, sha256: &'a [u8; 32]) -> Answered<'a, Option<Key>> {
        async move {
            let books = self.books();
            let found = books.ids.get(sha256).and_then(|id| books.keys.get(id));
            Ok(found.filter(|key| key.digest.ct_eq(sha256).into()).cloned())
        }
        .boxed()
    }

    fn list<'a>(
        &'a self,
        owner: Option<&'a str>,
        size: u32,
        after: Option<&'a str>,
    ) -> Answered<'a, KeyPage> {
        async move { self.page(owner, size, after) }.boxed()
    }

    fn revoke<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        async move { self.end(id) }.boxed()
    }
}
