//! What can go wrong with identities.

use std::{borrow::Cow, time::Duration};

use accounts::AccountsError;
use arguments::FileError;
use egress::EgressError;
use fault::{Fault, Kind, Quota, Rounded, Violation};

use crate::Refusal;

/// Why identities cannot be used, or why a caller is nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file of identities cannot be used; says where in it and what was expected.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key opens nothing, or none came.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A token or a certificate opens nothing.
    #[error("no valid credential: {0}")]
    Refused(Refusal),
    /// The keys of an issuer cannot be had, so nobody knows whether a token is good.
    #[error("the keys of the issuer {issuer:?} cannot be had at the moment; try again in {}", Rounded(*.retry_after))]
    Away {
        /// Its name in the file.
        issuer: String,
        /// When the next attempt is made.
        retry_after: Duration,
    },
    /// An issuer could not be asked for its keys.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// An issuer answered something else than its keys.
    #[error("it answered {0}")]
    Answer(String),
}

impl From<Refusal> for IdentityError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Fault for IdentityError {
    fn kind(&self) -> Kind {
        match self {
            Self::Accounts(error) => error.kind(),
            Self::Refused(_) => Kind::Unauthenticated,
            Self::Away { .. } | Self::Egress(_) | Self::Answer(_) => Kind::Unavailable,
            Self::File(_) => Kind::FailedPrecondition,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Accounts(error) => error.public_message(),
            Self::Refused(refusal) => refusal.said().into(),
            Self::Away { .. } | Self::Egress(_) | Self::Answer(_) => {
                "tokens cannot be checked at the moment, since their issuer is away; try again".into()
            }
            Self::File(_) => "the service is not configured".into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Accounts(error) => error.reason(),
            Self::Away { .. } | Self::Egress(_) | Self::Answer(_) => "ISSUER_UNAVAILABLE",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Accounts(error) => error.violations(),
            _ => &[],
        }
    }

    fn quotas(&self) -> Vec<Quota> {
        match self {
            Self::Accounts(error) => error.quotas(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Accounts(error) => error.retry_after(),
            Self::Away { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fault::{Fault, Kind};

    use super::{IdentityError, Refusal};

    #[test]
    fn callers_are_not_told_who_is_away_and_may_come_back() {
        let away = IdentityError::Away { issuer: "corp".to_owned(), retry_after: Duration::from_secs(3) };
        assert!(!away.public_message().contains("corp"));
        assert_eq!((away.kind(), away.reason()), (Kind::Unavailable, "ISSUER_UNAVAILABLE"));
        assert_eq!(away.retry_after(), Some(Duration::from_secs(3)));
        let refused = IdentityError::from(Refusal::Expired);
        assert_eq!((refused.kind(), refused.reason()), (Kind::Unauthenticated, "UNAUTHENTICATED"));
    }
}
