//! Secrets that are kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fault::Chain;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use rand::Rng;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::{Keeper, Metrics, Reference, Secret, Secrets, SecretsError};

/// How long a failure is remembered, so that a keeper in trouble is not asked by every call.
const PAUSE: Duration = Duration::from_secs(2);
/// How long whoever could use an older value waits for a newer one.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long what was fetched is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// For how long, about: each time up to a tenth less, so that not all are fetched again at once.
    pub ttl: Duration,
    /// How old a value may become while the keeper is away.
    pub stale: Duration,
}

/// The secrets of a keeper. What many want is fetched once. The fetch belongs to none of them: whoever leaves does not end it,
/// and the next to come finds it as far as it got.
#[derive(Debug)]
pub struct Kept<K> {
    keeper: Arc<K>,
    keeping: Keeping,
    metrics: Metrics,
    /// By name. Names come from configuration, so there are few.
    slots: Mutex<HashMap<String, Slot>>,
}

type Fetch = Shared<BoxFuture<'static, Result<Secret, SecretsError>>>;

#[derive(Debug, Default)]
struct Slot {
    found: Option<Found>,
    /// Why it was not there a moment ago.
    failure: Option<(SecretsError, Instant)>,
    /// What is under way.
    fetch: Option<Fetch>,
}

#[derive(Clone, Debug)]
struct Found {
    secret: Secret,
    fetched: Instant,
    fresh_until: Instant,
}

/// What there is to do for one who asks.
enum Next {
    Use(Secret),
    Fail(SecretsError),
    /// Wait, and if that takes long use the older value, if there is one.
    Wait(Fetch, Option<Secret>),
}

impl<K: Keeper> Kept<K> {
    /// The secrets of this keeper.
    pub fn new(keeper: K, keeping: Keeping, metrics: Metrics) -> Self {
        Self { keeper: Arc::new(keeper), keeping, metrics, slots: Mutex::default() }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn whole(&self, name: &str) -> Result<Secret, SecretsError> {
        let (fetch, older) = match self.next(name) {
            Next::Use(secret) => return Ok(secret),
            Next::Fail(error) => return Err(error),
            Next::Wait(fetch, older) => (fetch, older),
        };
        let Some(older) = older else {
            let answer = fetch.clone().await;
            return self.settle(name, &fetch, answer);
        };
        match timeout(PATIENCE, fetch.clone()).await {
            Ok(answer) => self.settle(name, &fetch, answer),
            Err(_) => Ok(older),
        }
    }

    fn next(&self, name: &str) -> Next {
        let mut slots = self.slots();
        let slot = slots.entry(name.to_owned()).or_default();
        let now = Instant::now();
        if let Some(found) = slot.found.as_ref().filter(|found| now < found.fresh_until) {
            return Next::Use(found.secret.clone());
        }
        let older = slot.stale(self.keeping, now);
        if let Some((error, _)) = slot.failure.as_ref().filter(|(_, at)| now < *at + PAUSE) {
            return older.map_or_else(|| Next::Fail(error.clone()), Next::Use);
        }
        let fetch = slot.fetch.get_or_insert_with(|| {
            let (keeper, name) = (Arc::clone(&self.keeper), name.to_owned());
            async move { keeper.fetch(&name).await.and_then(|secret| usable(&name, &secret)) }
                .boxed()
                .shared()
        });
        Next::Wait(fetch.clone(), older)
    }

    /// Writes down what a fetch came to: once, though many have waited for it.
    fn settle(
        &self,
        name: &str,
        fetch: &Fetch,
        answer: Result<Secret, SecretsError>,
    ) -> Result<Secret, SecretsError> {
        let mut slots = self.slots();
        let slot = slots.entry(name.to_owned()).or_default();
        let now = Instant::now();
        let first = slot.fetch.as_ref().is_some_and(|pending| pending.ptr_eq(fetch));
        if first {
            slot.fetch = None;
            slot.note(&answer, self.keeping, now);
        }
        let older = slot.stale(self.keeping, now);
        if first {
            let outcome = match (&answer, &older) {
                (Ok(_), _) => "ok",
                (Err(_), Some(_)) => "stale",
                (Err(SecretsError::NotFound { .. }), None) => "missing",
                (Err(_), None) => "failed",
            };
            self.metrics.fetched(self.keeper.name(), outcome);
        }
        match (answer, older) {
            (Err(error), Some(older)) => {
                if first {
                    tracing::warn!(secret = name, "an older value is used: {}", Chain(&error));
                }
                Ok(older)
            }
            (answer, _) => answer,
        }
    }
}

impl Slot {
    fn note(&mut self, answer: &Result<Secret, SecretsError>, keeping: Keeping, now: Instant) {
        match answer {
            Ok(secret) => {
                let ttl = keeping.ttl.mul_f64(1.0 - rand::rng().random::<f64>() / 10.0);
                self.found = Some(Found { secret: secret.clone(), fetched: now, fresh_until: now + ttl });
                self.failure = None;
            }
            Err(error) => {
                if !matches!(error, SecretsError::Away { .. }) {
                    // It is known to be gone, or no longer ours: the older value is too.
                    self.found = None;
                }
                self.failure = Some((error.clone(), now));
            }
        }
    }

    fn stale(&self, keeping: Keeping, now: Instant) -> Option<Secret> {
        let found = self.found.as_ref().filter(|found| now < found.fetched + keeping.stale);
        found.map(|found| found.secret.clone())
    }
}

/// The secret without the line break that editors put at the end.
fn usable(name: &str, secret: &Secret) -> Result<Secret, SecretsError> {
    let text = secret.expose();
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    if text.is_empty() {
        return Err(SecretsError::Unusable { name: name.to_owned(), problem: "is empty" });
    }
    Ok(Secret::new(text))
}

#[async_trait]
impl<K: Keeper> Secrets for Kept<K> {
    async fn get(&self, reference: &Reference) -> Result<Secret, SecretsError> {
        let whole = self.whole(reference.name()).await?;
        match reference.field() {
            Some(field) => self::field(reference.name(), &whole, field),
            None => Ok(whole),
        }
    }

    async fn refresh(&self, reference: &Reference) {
        let mut slots = self.slots();
        let now = Instant::now();
        let found = slots.get_mut(reference.name()).and_then(|slot| slot.found.as_mut());
        if let Some(found) = found.filter(|found| now >= found.fetched + PAUSE) {
            found.fresh_until = now;
        }
    }
}

/// A field of a secret that is a JSON object.
fn field(name: &str, whole: &Secret, field: &str) -> Result<Secret, SecretsError> {
    let unusable = |problem| SecretsError::Unusable { name: name.to_owned(), problem };
    // The error would quote the secret.
    let parsed: Value = serde_json::from_str(whole.expose())
        .map_err(|_| unusable("is no JSON object, so it has no fields"))?;
    match parsed.get(field) {
        Some(Value::String(text)) if text.is_empty() => Err(unusable("has nothing in the field")),
        Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
        Some(value) if value.is_u64() => Ok(Secret::new(value.to_string())),
        Some(_) => Err(unusable("has something in the field that is no text")),
        None => Err(unusable("has no such field")),
    }
}

#[cfg(test)]
mod tests;
