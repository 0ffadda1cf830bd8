//! Secrets that are kept for a while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fault::Chain;
use rand::Rng;
use serde_json::Value;
use tokio::{sync::Mutex as Turn, time::Instant};

use crate::{Keeper, Metrics, Reference, Secret, Secrets, SecretsError};

/// How long a failure is remembered, so that a keeper in trouble is not asked by every call.
const PAUSE: Duration = Duration::from_secs(2);

/// How long what was fetched is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// For how long, about: each time up to a tenth less, so that not all are fetched again at once.
    pub ttl: Duration,
    /// How old a value may become while the keeper is away.
    pub stale: Duration,
}

/// The secrets of a keeper. One call fetches what many want; the others wait for it.
#[derive(Debug)]
pub struct Kept<K> {
    keeper: K,
    keeping: Keeping,
    metrics: Metrics,
    /// By name. Names come from configuration, so there are few.
    slots: Mutex<HashMap<String, Arc<Turn<Slot>>>>,
}

#[derive(Debug, Default)]
struct Slot {
    value: Option<Found>,
    /// Why it was not there a moment ago.
    failure: Option<(SecretsError, Instant)>,
}

#[derive(Clone, Debug)]
struct Found {
    secret: Secret,
    fetched: Instant,
    fresh_until: Instant,
}

impl<K: Keeper> Kept<K> {
    /// The secrets of this keeper.
    pub fn new(keeper: K, keeping: Keeping, metrics: Metrics) -> Self {
        Self { keeper, keeping, metrics, slots: Mutex::default() }
    }

    fn slot(&self, name: &str) -> Arc<Turn<Slot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }

    async fn whole(&self, name: &str) -> Result<Secret, SecretsError> {
        let slot = self.slot(name);
        let mut slot = slot.lock().await;
        let now = Instant::now();
        if let Some(value) = slot.value.as_ref().filter(|value| now < value.fresh_until) {
            return Ok(value.secret.clone());
        }
        if let Some((error, _)) = slot.failure.as_ref().filter(|(_, at)| now < *at + PAUSE) {
            return self.stale(&slot, now).ok_or_else(|| error.clone());
        }
        match self.keeper.fetch(name).await {
            Ok(secret) => {
                self.metrics.fetched(self.keeper.name(), "ok");
                let ttl = self.keeping.ttl.mul_f64(1.0 - rand::rng().random::<f64>() / 10.0);
                let now = Instant::now();
                let value = Found { secret: secret.clone(), fetched: now, fresh_until: now + ttl };
                *slot = Slot { value: Some(value), failure: None };
                Ok(secret)
            }
            Err(error) => {
                self.metrics.fetched(self.keeper.name(), "failed");
                if !matches!(error, SecretsError::Away { .. }) {
                    // It is known to be gone, or useless: the older value is too.
                    slot.value = None;
                }
                slot.failure = Some((error.clone(), Instant::now()));
                let Some(secret) = self.stale(&slot, Instant::now()) else { return Err(error) };
                self.metrics.fetched(self.keeper.name(), "stale");
                tracing::warn!(secret = name, "an older value is used: {}", Chain(&error));
                Ok(secret)
            }
        }
    }

    fn stale(&self, slot: &Slot, now: Instant) -> Option<Secret> {
        let value = slot.value.as_ref().filter(|value| now < value.fetched + self.keeping.stale);
        value.map(|value| value.secret.clone())
    }
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
        let slot = self.slot(reference.name());
        let mut slot = slot.lock().await;
        let now = Instant::now();
        if let Some(value) = slot.value.as_mut().filter(|value| now >= value.fetched + PAUSE) {
            value.fresh_until = now;
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
        Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Secret::new(value.to_string())),
        Some(_) => Err(unusable("has something in the field that is no text")),
        None => Err(unusable("has no such field")),
    }
}

#[cfg(test)]
mod tests;
