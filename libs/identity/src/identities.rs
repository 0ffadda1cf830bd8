//! All who are believed about callers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use accounts::{Account, Clock};
use fault::Chain;
use futures::future::join_all;
use jsonwebtoken::dangerous::insecure_decode_claims;
use serde::Deserialize;

use crate::{
    IdentityArguments, IdentityError, Metrics, Refusal,
    certificates::Certificates,
    config,
    issuer::{Issuer, header},
    public_key::PublicKey,
};

/// The issuers whose tokens are accepted, and the certificates that stand for callers. A clone is the same.
#[derive(Clone)]
pub struct Identities(Arc<Inner>);

struct Inner {
    issuers: Vec<Issuer>,
    certificates: Certificates,
    clock: Clock,
    metrics: Metrics,
}

/// What a token says of its issuer, before anybody has verified it.
#[derive(Deserialize)]
struct Claiming {
    iss: String,
}

impl Identities {
    /// Nobody.
    pub(crate) fn none() -> Self {
        Self(Arc::new(Inner {
            issuers: Vec::new(),
            certificates: Certificates::default(),
            clock: Clock::default(),
            metrics: Metrics::default(),
        }))
    }

    /// Those of the file that was named; none at all without one. Nobody is asked yet: [`run`](Self::run) does that.
    pub fn load(
        arguments: &IdentityArguments,
        metrics: Metrics,
        clock: Clock,
    ) -> Result<Self, IdentityError> {
        let (issuers, certificates) = match &arguments.identities_file {
            Some(path) => config::read(path)?,
            None => (Vec::new(), Certificates::default()),
        };
        Ok(Self(Arc::new(Inner { issuers, certificates, clock, metrics })))
    }

    /// Whether there are issuers, so that tokens can be accepted.
    pub fn have_issuers(&self) -> bool {
        !self.0.issuers.is_empty()
    }

    /// Whether there are callers that are known by their certificates.
    pub fn have_certificates(&self) -> bool {
        !self.0.certificates.is_empty()
    }

    /// Whose token this is. An error of kind `Unauthenticated` if it is not good, of kind `Unavailable` if that cannot be
    /// known at the moment.
    pub async fn of_token(&self, token: &[u8]) -> Result<Arc<Account>, IdentityError> {
        let account = self.verify(token).await;
        self.0.metrics.came(match &account {
            Ok(_) => "accepted",
            Err(IdentityError::Refused(refusal)) => refusal.label(),
            Err(_) => "away",
        });
        account.map(Arc::new)
    }

    /// Whose certificate bears these names.
    pub fn of_certificate(&self, names: &[String]) -> Result<Arc<Account>, IdentityError> {
        let account = self.0.certificates.account(names);
        self.0.metrics.came(account.as_ref().map_or_else(|refusal| refusal.label(), |_| "accepted"));
        Ok(account?)
    }

    async fn verify(&self, token: &[u8]) -> Result<Account, IdentityError> {
        let header = header(token)?;
        // Only chooses by whose keys the token is verified, this claim included.
        let claiming: Claiming = insecure_decode_claims(token).map_err(|_unreadable| Refusal::Unreadable)?;
        let issuer = self.0.issuers.iter().find(|issuer| issuer.url == claiming.iss);
        let issuer = issuer.ok_or(Refusal::Issuer)?;
        issuer.account(token, &header, self.0.clock.now().as_second()).await
    }

    /// Keeps the keys of all issuers fresh, until `end`. Without this no token is accepted.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let all = join_all(self.0.issuers.iter().map(|issuer| self.keep_fresh(issuer)));
        if self.have_issuers() {
            tokio::select! {
                _ = all => {}
                () = end => {}
            }
        }
    }

    async fn keep_fresh(&self, issuer: &Issuer) {
        let is_away = AtomicBool::new(false);
        issuer.published.keep_fresh(|| self.fetch(issuer, &is_away)).await;
    }

    /// Fetches once. The log tells when an issuer goes away and when it is back, the metrics every time.
    async fn fetch(&self, issuer: &Issuer, is_away: &AtomicBool) -> Result<Vec<PublicKey>, IdentityError> {
        let name = &issuer.reading.name;
        let keys = issuer.remote.keys().await;
        let was_away = is_away.swap(keys.is_err(), Ordering::Relaxed);
        match &keys {
            Ok(_) => self.0.metrics.fetched(name, self.0.clock.now().as_second()),
            Err(_) => self.0.metrics.failed(name),
        }
        match &keys {
            Ok(keys) if was_away => tracing::info!(issuer = %name, keys = keys.len(), "the issuer is back"),
            Err(error) if !was_away => {
                tracing::warn!(issuer = %name, error = %Chain(error), "the keys of an issuer cannot be fetched");
            }
            _ => {}
        }
        keys
    }
}
