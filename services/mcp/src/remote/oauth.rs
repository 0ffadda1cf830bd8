//! Tokens by OAuth's client credentials (RFC 6749, section 4.4).

mod issuer;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use egress::Egress;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use secrets::{Reference, Secret, Secrets};
use tokio::time::Instant;
use tools::ToolsError;
use url::Url;

use self::issuer::{Issuer, Token};
use crate::config::OAuthConfig;

/// How long a failure is remembered, so that an issuer in trouble is not asked by every call.
const PAUSE: Duration = Duration::from_secs(1);

/// Fetches tokens, and keeps one while it is good. What many want is fetched once, and the fetch belongs to none of them:
/// whoever leaves does not end it, and the next to come finds it as far as it got.
pub(crate) struct OAuth {
    issuer: Arc<Issuer>,
    slot: Mutex<Slot>,
}

type Fetch = Shared<BoxFuture<'static, Result<Token, ToolsError>>>;

#[derive(Default)]
struct Slot {
    kept: Option<Token>,
    /// Why there was none a moment ago.
    failure: Option<(ToolsError, Instant)>,
    /// What is under way.
    fetch: Option<Fetch>,
}

/// What there is to do for one who asks.
enum Next {
    Known(Result<Token, ToolsError>),
    Wait(Fetch),
}

impl OAuth {
    pub(super) fn new(egress: Egress, url: Url, config: &OAuthConfig) -> Self {
        Self { issuer: Arc::new(Issuer::new(egress, url, config)), slot: Mutex::default() }
    }

    /// The name of the client's secret.
    pub(super) fn secret(&self) -> &Reference {
        &self.issuer.secret
    }

    /// A token that is good for a while.
    pub(super) async fn token(&self, secrets: &Arc<dyn Secrets>) -> Result<Secret, ToolsError> {
        let token = match self.next(secrets) {
            Next::Known(known) => known?,
            Next::Wait(fetch) => {
                let answer = fetch.clone().await;
                self.settle(&fetch, &answer);
                answer?
            }
        };
        Ok(token.secret)
    }

    fn next(&self, secrets: &Arc<dyn Secrets>) -> Next {
        let mut slot = self.slot();
        let now = Instant::now();
        if let Some(good) = slot.kept.as_ref().filter(|kept| now < kept.until) {
            return Next::Known(Ok(good.clone()));
        }
        if let Some((error, _)) = slot.failure.as_ref().filter(|(_, at)| now < *at + PAUSE) {
            return Next::Known(Err(error.clone()));
        }
        let fetch = slot.fetch.get_or_insert_with(|| {
            let (issuer, secrets) = (Arc::clone(&self.issuer), Arc::clone(secrets));
            async move { issuer.fetch(&secrets).await }.boxed().shared()
        });
        Next::Wait(fetch.clone())
    }

    /// Writes down what a fetch came to: once, though many have waited for it.
    fn settle(&self, fetch: &Fetch, answer: &Result<Token, ToolsError>) {
        let mut slot = self.slot();
        if !slot.fetch.as_ref().is_some_and(|pending| pending.ptr_eq(fetch)) {
            return;
        }
        *slot = match answer {
            Ok(token) => Slot { kept: Some(token.clone()), ..Slot::default() },
            Err(error) => Slot { failure: Some((error.clone(), Instant::now())), ..Slot::default() },
        };
    }

    /// A token that the API did not take is not used again.
    pub(super) fn forget(&self, token: &Secret) {
        let mut slot = self.slot();
        if slot.kept.as_ref().is_some_and(|kept| kept.secret == *token) {
            slot.kept = None;
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
