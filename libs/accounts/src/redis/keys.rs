//! Keys in Redis.

use deadpool_redis::redis::Value;
use futures::FutureExt;
use subtle::ConstantTimeEq;

use super::{RedisAccounts, record};
use crate::{
    AccountsError, Key, KeyPage, KeyStore, NewKey, Secret,
    counters::Answered,
    secret::Digest,
    store::{ENDED_KEPT, MOST_KEYS, check_page, is_id, not_found},
};

impl RedisAccounts {
    async fn create_key(&self, new: NewKey) -> Result<(Key, Secret), AccountsError> {
        let now = self.clock.now();
        new.check(now)?;
        let secret = Secret::new()?;
        let key = new.into_key(&secret, now);
        let record = record::encode(&key)?;
        let expires = key.expires.map(|time| time.as_millisecond().to_string()).unwrap_or_default();
        let created = self.server.run(&self.server.scripts.create, |command| {
            command.arg(&key.id).arg(secret.sha256()).arg(&key.owner).arg(&record);
            command.arg(&expires).arg(kept()).arg(MOST_KEYS);
        });
        match created.await? {
            Value::Int(1) => Ok((key, secret)),
            _ => Err(AccountsError::TooManyKeys { most: MOST_KEYS }),
        }
    }

    async fn look_up(&self, by: &str, word: &str) -> Result<Option<Key>, AccountsError> {
        let found = self.server.run(&self.server.scripts.find, |command| {
            command.arg(by).arg(word);
        });
        one(&found.await?)
    }

    async fn get_key(&self, id: &str) -> Result<Key, AccountsError> {
        if !is_id(id) {
            return Err(not_found(id));
        }
        self.look_up("id", id).await?.ok_or_else(|| not_found(id))
    }

    async fn find_key(&self, sha256: &Digest) -> Result<Option<Key>, AccountsError> {
        let found = self.look_up("sha256", &hex::encode(sha256)).await?;
        Ok(found.filter(|key| key.digest.ct_eq(sha256).into()))
    }

    async fn list_page(
        &self,
        owner: Option<&str>,
        size: u32,
        after: Option<&str>,
    ) -> Result<KeyPage, AccountsError> {
        check_page(size, after)?;
        let page = self.server.run(&self.server.scripts.list, |command| {
            command.arg(owner.unwrap_or_default()).arg(size).arg(after.unwrap_or_default());
        });
        let Value::Array(answer) = page.await? else { return Err(record::corrupt()) };
        let (next, records) = answer.split_first().ok_or_else(record::corrupt)?;
        let keys = records.chunks_exact(2).map(|pair| record::decode(&pair[0], &pair[1]));
        let next = Some(record::text(next)?).filter(|next| !next.is_empty()).map(str::to_owned);
        Ok(KeyPage { keys: keys.collect::<Result<_, _>>()?, next })
    }

    async fn revoke_key(&self, id: &str) -> Result<Key, AccountsError> {
        if !is_id(id) {
            return Err(not_found(id));
        }
        let ended = self.server.run(&self.server.scripts.revoke, |command| {
            command.arg(id).arg(kept());
        });
        one(&ended.await?)?.ok_or_else(|| not_found(id))
    }
}

fn kept() -> u64 {
    ENDED_KEPT.as_millis() as u64
}

fn one(answer: &Value) -> Result<Option<Key>, AccountsError> {
    match answer {
        Value::Array(parts) => match parts.as_slice() {
            [] => Ok(None),
            [record, revoked] => record::decode(record, revoked).map(Some),
            _ => Err(record::corrupt()),
        },
        _ => Err(record::corrupt()),
    }
}

impl KeyStore for RedisAccounts {
    fn create(&self, new: NewKey) -> Answered<'_, (Key, Secret)> {
        self.create_key(new).boxed()
    }

    fn get<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        self.get_key(id).boxed()
    }

    fn find<'a>(&'a self, sha256: &'a [u8; 32]) -> Answered<'a, Option<Key>> {
        self.find_key(sha256).boxed()
    }

    fn list<'a>(
        &'a self,
        owner: Option<&'a str>,
        size: u32,
        after: Option<&'a str>,
    ) -> Answered<'a, KeyPage> {
        self.list_page(owner, size, after).boxed()
    }

    fn revoke<'a>(&'a self, id: &'a str) -> Answered<'a, Key> {
        self.revoke_key(id).boxed()
    }
}
