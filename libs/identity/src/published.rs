//! The keys that an issuer publishes, as they are known here.
//!
//! One task fetches them: each time after a while, and sooner where a token names a key that nobody knows, but never more
//! often than every 30 seconds, whatever tokens come. Callers wait for that task and never fetch anything themselves, so one
//! that goes away leaves nothing half done.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{IdentityError, Refusal, public_key::PublicKey};

/// How often keys are fetched while all is well.
pub(crate) const REFRESH: Duration = Duration::from_mins(10);
/// How long an issuer is left alone after it was asked, whatever it said.
pub(crate) const REST: Duration = Duration::from_secs(30);
/// How long a caller waits for keys that are being fetched.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keys of one issuer.
pub(crate) struct Published {
    issuer: String,
    /// How long keys are believed after they were fetched.
    stale: Duration,
    /// How many rounds of fetching are asked for.
    wanted: watch::Sender<u64>,
    known: watch::Sender<Known>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<[Arc<PublicKey>]>,
    fetched: Option<Instant>,
    asked: Option<Instant>,
    has_failed: bool,
    rounds: u64,
}

impl Published {
    pub(crate) fn new(issuer: &str, stale: Duration) -> Self {
        Self {
            issuer: issuer.to_owned(),
            stale,
            wanted: watch::Sender::new(0),
            known: watch::Sender::default(),
        }
    }

    /// The key that a token names, if it may be used with this algorithm. A token that names none is taken where only one
    /// key could be meant.
    pub(crate) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<PublicKey>, IdentityError> {
        let known = self.known.borrow().clone();
        if let Some(found) = self.choose(&known, id, algorithm)? {
            return Ok(found);
        }
        if known.rest().is_some() {
            return Err(self.missing(&known));
        }
        self.wanted.send_if_modified(|wanted| {
            let is_new = *wanted <= known.rounds;
            *wanted = (*wanted).max(known.rounds + 1);
            is_new
        });
        let mut told = self.known.subscribe();
        let later = match timeout(PATIENCE, told.wait_for(|later| later.rounds > known.rounds)).await {
            Ok(Ok(later)) => later.clone(),
            _ => return Err(IdentityError::Away { issuer: self.issuer.clone(), retry_after: PATIENCE }),
        };
        self.choose(&later, id, algorithm)?.ok_or_else(|| self.missing(&later))
    }

    fn choose(
        &self,
        known: &Known,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Arc<PublicKey>>, Refusal> {
        if !self.are_believed(known) {
            return Ok(None);
        }
        let mut fitting = known.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        let Some(id) = id else {
            let only = fitting.next().ok_or(Refusal::Key)?;
            return if fitting.next().is_none() {
                Ok(Some(Arc::clone(only)))
            } else {
                Err(Refusal::KeyNotNamed)
            };
        };
        if let Some(key) = fitting.find(|key| key.id.as_deref() == Some(id)) {
            return Ok(Some(Arc::clone(key)));
        }
        // A key that is there and good for something else is no reason to fetch.
        let is_there = known.keys.iter().any(|key| key.id.as_deref() == Some(id));
        if is_there { Err(Refusal::Algorithm) } else { Ok(None) }
    }

    fn are_believed(&self, known: &Known) -> bool {
        known.fetched.is_some_and(|at| at.elapsed() < self.stale)
    }

    /// What a missing key means: nothing, where its issuer could not be asked.
    fn missing(&self, known: &Known) -> IdentityError {
        if self.are_believed(known) && !known.has_failed {
            return Refusal::Key.into();
        }
        let retry_after = known.rest().unwrap_or(Duration::from_secs(1));
        IdentityError::Away { issuer: self.issuer.clone(), retry_after }
    }

    /// Fetches, again and again.
    pub(crate) async fn keep_fresh<F, T>(&self, fetch: F)
    where
        F: Fn() -> T,
        T: Future<Output = Result<Vec<PublicKey>, IdentityError>>,
    {
        let mut asked = self.wanted.subscribe();
        loop {
            let answer = fetch().await;
            let pause = if answer.is_ok() { REFRESH } else { REST };
            let rounds = self.note(answer.ok());
            let wanted = async {
                sleep(REST).await;
                drop(asked.wait_for(|wanted| *wanted > rounds).await);
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = wanted => {}
            }
        }
    }

    /// Keeps what was fetched; the answer is how often that was tried.
    fn note(&self, keys: Option<Vec<PublicKey>>) -> u64 {
        let now = Instant::now();
        self.known.send_modify(|known| {
            known.rounds += 1;
            known.asked = Some(now);
            known.has_failed = keys.is_none();
            if let Some(keys) = keys {
                known.keys = keys.into_iter().map(Arc::new).collect();
                known.fetched = Some(now);
            }
        });
        self.known.borrow().rounds
    }
}

impl Known {
    /// How long the issuer is still left alone, if it is.
    fn rest(&self) -> Option<Duration> {
        self.asked.map(|at| REST.saturating_sub(at.elapsed())).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests;
