//! Who is let in.

use std::sync::Arc;

use accounts::{Account, AccountsError, Limiter, Reservation, Standing};
use http::{Extensions, HeaderMap};
use tonic::Status;

use super::{Metrics, admitted::Admitted, bound::Bound, headers, spent::Spent};
use crate::{ApiError, auth::Credential};

/// Holds calls to limits. A clone is the same.
#[derive(Clone)]
pub(crate) struct Admission {
    limiter: Limiter,
    metrics: Metrics,
    spent: Spent,
}

impl Admission {
    /// What this limiter lets in.
    pub(crate) fn new(limiter: Limiter, metrics: Metrics) -> Self {
        Self { limiter, metrics, spent: Spent::default() }
    }

    /// One that limits nothing.
    #[cfg(test)]
    pub(crate) fn unlimited() -> Self {
        use accounts::{Clock, LimitTable, MemoryCounters, WhenAway};
        use prometheus_client::registry::Registry;

        let counters = Arc::new(MemoryCounters::new(Clock::default()));
        let (limiter, _settler) = Limiter::new(counters, LimitTable::default(), WhenAway::Closed).unwrap();
        Self::new(limiter, Metrics::register(&mut Registry::default()))
    }

    /// Whether anything bounds a call of this caller to this model.
    pub(in crate::grpc) fn bounds(&self, extensions: &Extensions, model: &str) -> bool {
        account(extensions).is_ok_and(|account| self.limiter.bounds(account, Some(model)))
    }

    /// The refusal that a caller who comes with these headers would be told again, if one is known.
    pub(crate) fn known(&self, headers: &HeaderMap) -> Option<Arc<rpc::Refusal>> {
        let (refusal, told) = self.spent.find(headers)?;
        self.metrics.exceeded(&refusal);
        Some(told)
    }

    /// Lets in one request that uses no tokens and runs on no model.
    pub(in crate::grpc) async fn request(&self, extensions: &Extensions) -> Result<Admitted, Status> {
        Ok(Admitted::new(self.reserve(extensions, None, 0).await?, 0))
    }

    /// Lets in one request to a model that exists.
    pub(in crate::grpc) async fn generation(
        &self,
        extensions: &Extensions,
        model: &str,
        bound: Bound,
    ) -> Result<Admitted, Status> {
        let reservation = self.reserve(extensions, Some(model), bound.in_all).await?;
        Ok(Admitted::new(reservation, bound.prompt))
    }

    async fn reserve(
        &self,
        extensions: &Extensions,
        model: Option<&str>,
        tokens: u64,
    ) -> Result<Reservation, Status> {
        let account = account(extensions).map_err(rpc::status)?;
        match self.limiter.reserve(account, model, tokens).await {
            Ok(reservation) => {
                if reservation.is_local() {
                    self.metrics.counted_here();
                }
                Ok(reservation)
            }
            Err(error) => {
                let refusal = match &error {
                    AccountsError::Limited(refusal) => Some(refusal.clone()),
                    _ => None,
                };
                let status = self.refused(error);
                if let Some((refusal, Credential(shown))) = refusal.zip(extensions.get()) {
                    self.spent.note(shown, *refusal, &status);
                }
                Err(status)
            }
        }
    }

    fn refused(&self, error: AccountsError) -> Status {
        self.metrics.refused(&error);
        let standing = match &error {
            AccountsError::Limited(refusal) => refusal.standing,
            _ => Standing::default(),
        };
        let mut status = rpc::status(ApiError::from(error));
        headers::write(standing, status.metadata_mut());
        status
    }
}

/// Who calls. Nobody is let in unseen: a call whose key nobody looked at is none.
fn account(extensions: &Extensions) -> Result<&Account, ApiError> {
    let account = extensions.get::<Arc<Account>>().map(Arc::as_ref);
    account.ok_or_else(|| AccountsError::Unauthenticated("no key came with this call").into())
}
