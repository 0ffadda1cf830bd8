//! What can go wrong with another server.

use std::{borrow::Cow, time::Duration};

use egress::EgressError;
use fault::{Fault, Kind};
use http::StatusCode;

/// Why a server's answer is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FederationError {
    /// It could not be reached, or may not be.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// It answered with a status that is no answer.
    #[error("it answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
        /// When it may be asked again, where it said so.
        retry_after: Option<Duration>,
    },
    /// It does not take our credentials, or wants some.
    #[error("it refuses our credentials with {status}")]
    Credentials {
        /// 401 or 403.
        status: StatusCode,
    },
    /// It answered something that is not the protocol.
    #[error("it does not keep to the protocol: {0}")]
    Broken(Cow<'static, str>),
    /// It refused the question.
    #[error("it refused with {code}: {message}")]
    Refused {
        /// The protocol's code.
        code: i64,
        /// Its own words, cleaned and cut.
        message: String,
    },
    /// It has forgotten the session; a new one has to be opened.
    #[error("it has ended the session")]
    SessionGone,
    /// It wants to ask back, which nobody here could answer.
    #[error("it asks for more input, which a tool behind Ondol cannot be given")]
    AsksBack,
}

impl FederationError {
    pub(crate) fn broken(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Broken(problem.into())
    }
}

impl Fault for FederationError {
    fn kind(&self) -> Kind {
        match self {
            Self::Egress(error) => error.kind(),
            Self::Status { .. } | Self::Credentials { .. } | Self::Refused { .. } | Self::SessionGone => {
                Kind::Unavailable
            }
            Self::Broken(_) => Kind::DataLoss,
            Self::AsksBack => Kind::FailedPrecondition,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Egress(error) => error.public_message(),
            Self::Credentials { .. } => "it refuses the credentials of this tool".into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Egress(error) => error.reason(),
            Self::Broken(_) => "UPSTREAM_ANSWER_INVALID",
            Self::AsksBack => "UPSTREAM_ASKS_BACK",
            _ => "UPSTREAM_FAILED",
        }
    }

    fn nothing_was_done(&self) -> bool {
        match self {
            Self::Egress(error) => error.nothing_was_done(),
            Self::Credentials { .. } | Self::SessionGone => true,
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Egress(error) => error.retry_after(),
            _ => None,
        }
    }
}
