//! What can go wrong with keys and limits.

use std::{borrow::Cow, error::Error, sync::Arc, time::Duration};

use arguments::FileError;
use fault::{Fault, Kind, Quota, Rounded, Violation};

use crate::{Exceeded, Refusal};

/// Why keys cannot be used, why a caller is nobody, or why one has to wait.
///
/// It can be cloned because one lookup answers all who wait for it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The configured API keys cannot be used; says why and what to do.
    #[error("{0}")]
    Key(String),
    /// The file of API keys, that of limits, or one of TLS cannot be used; says which, where in it, and why.
    #[error(transparent)]
    File(#[from] FileError),
    /// A setting makes no sense.
    #[error("{setting}: {problem}")]
    InvalidSetting {
        /// The command line flag.
        setting: String,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A call came without a key, or with one that opens nothing here.
    #[error("no valid API key: {0}")]
    Unauthenticated(&'static str),
    /// The request itself is wrong.
    #[error("invalid request: {}", join(.violations))]
    InvalidRequest {
        /// Every wrong field.
        violations: Vec<Violation>,
    },
    /// There is no such key, or it ended so long ago that it was removed.
    #[error("there is no API key {id:?}; ended keys are kept for 30 days")]
    NotFound {
        /// The key that was asked for.
        id: String,
    },
    /// No more keys can be kept.
    #[error("there are {most} API keys, which is all that can be kept; revoked ones go 30 days later")]
    TooManyKeys {
        /// The bound.
        most: u64,
    },
    /// A limit stands in the way.
    #[error("{0}")]
    Limited(Box<Refusal>),
    /// Redis could not be reached, did not answer in time, or refused.
    #[error("Redis failed while it was asked to {doing}")]
    Redis {
        /// The script or command.
        doing: &'static str,
        /// What the connection said.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Keys or counters cannot be had at the moment, and nobody was asked again.
    #[error("{what} cannot be had at the moment; try again in {}", Rounded(*.retry_after))]
    Away {
        /// `API keys` or `limits`.
        what: &'static str,
        /// When the next attempt is made.
        retry_after: Duration,
    },
    /// What is stored in Redis is not what this program writes.
    #[error("Redis holds something unexpected where {what} should be")]
    Corrupt {
        /// What was to be read.
        what: &'static str,
    },
    /// The system gives no random bytes, so no secret can be made.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl AccountsError {
    pub(crate) fn redis(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Redis { doing, source: Arc::from(source.into()) }
    }

    pub(crate) fn setting(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::InvalidSetting { setting: setting.into(), problem: problem.into() }
    }

    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::InvalidRequest { violations: vec![Violation::new(field, description)] }
    }
}

fn join(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Fault for AccountsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthenticated(_) => Kind::Unauthenticated,
            Self::InvalidRequest { .. } => Kind::InvalidArgument,
            Self::NotFound { .. } => Kind::NotFound,
            Self::TooManyKeys { .. } | Self::InvalidSetting { .. } => Kind::FailedPrecondition,
            // What no wait makes room for must not look like what passes: clients would try it again.
            Self::Limited(refusal) if refusal.retry_after.is_none() => Kind::FailedPrecondition,
            Self::Limited(_) => Kind::ResourceExhausted,
            Self::Redis { .. } | Self::Away { .. } => Kind::Unavailable,
            Self::Corrupt { .. } => Kind::DataLoss,
            Self::Key(_) | Self::File(_) | Self::Random(_) => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Unauthenticated(hint) => Cow::Borrowed(hint),
            Self::Redis { .. } => "keys and limits cannot be looked up at the moment; try again".into(),
            Self::Corrupt { .. } => "what is stored of keys and limits cannot be read".into(),
            Self::Random(_) => "no secret can be made at the moment".into(),
            Self::Key(_) | Self::File(_) | Self::InvalidSetting { .. } => {
                "the service is not configured".into()
            }
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "API_KEY_NOT_FOUND",
            Self::TooManyKeys { .. } => "TOO_MANY_API_KEYS",
            Self::Limited(refusal) => refusal.reason(),
            Self::Redis { .. } | Self::Away { .. } => "ACCOUNTS_UNAVAILABLE",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::InvalidRequest { violations } => violations,
            _ => &[],
        }
    }

    fn quotas(&self) -> Vec<Quota> {
        match self {
            Self::Limited(refusal) => {
                let said = |one: &Exceeded| Quota::new(one.scope.account(), one.to_string());
                refusal.exceeded.iter().map(said).collect()
            }
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited(refusal) => refusal.retry_after,
            Self::Redis { .. } => Some(Duration::from_secs(1)),
            Self::Away { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::{Chain, Fault, Kind};

    use super::AccountsError;
    use crate::{Exceeded, Measure, Refusal, Scope, Standing};

    #[test]
    fn every_limit_in_the_way_is_a_quota() {
        let exceeded = [Scope::Key("1".to_owned()), Scope::Global].map(|scope| {
            let measure = Measure::TokensPerDay;
            Exceeded { scope, measure, limit: 9, left: 0, asked: 1, held: 0 }
        });
        let standing = Standing::default();
        let refusal = Refusal { exceeded: exceeded.into(), retry_after: None, standing };
        let quotas = AccountsError::Limited(Box::new(refusal)).quotas();
        assert_eq!(quotas.iter().map(|quota| &*quota.subject).collect::<Vec<_>>(), ["key:1", "global"]);
        assert!(quotas[0].description.contains("9 tokens per day"), "{quotas:?}");
    }

    #[test]
    fn what_redis_said_is_for_logs_only() {
        let error = AccountsError::redis("look", "connection refused by 10.0.0.7");
        assert!(Chain(&error).to_string().contains("10.0.0.7"));
        assert!(!error.public_message().contains("10.0.0.7"));
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.retry_after().is_some());
    }
}
