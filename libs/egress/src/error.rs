//! What can go wrong on the way out.

use std::{borrow::Cow, error::Error, time::Duration};

use fault::{Fault, Kind, Rounded};

use crate::Refusal;

/// Why there is no answer. Addresses that names were resolved to are for our logs: they tell of the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// The options cannot be used.
    #[error("{0}")]
    Setting(String),
    /// The request is wrong: a URL, a header, an argument.
    #[error("{0}")]
    Invalid(String),
    /// An argument cannot stand where it is to stand.
    #[error("{argument} {problem}")]
    Argument {
        /// Its name.
        argument: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The target may not be asked.
    #[error("{target} may not be asked: {why}")]
    Refused {
        /// The scheme and host.
        target: String,
        /// Why.
        why: String,
    },
    /// The host is, or leads to, an address that may not be reached.
    #[error("{host} may not be reached: it leads to {refusal}")]
    Address {
        /// The host.
        host: String,
        /// Why.
        refusal: Refusal,
    },
    /// No connection, or one that broke.
    #[error("{host} could not be reached, or cut the connection")]
    Unreachable {
        /// The host.
        host: String,
        /// Whether nobody has heard any of the request.
        unheard: bool,
        /// What the client said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// No answer, or not all of it, in time.
    #[error("{host} did not answer within {}", Rounded(*.limit))]
    TimedOut {
        /// The host.
        host: String,
        /// The time that was over.
        limit: Duration,
    },
    /// The answer led elsewhere too often.
    #[error("{host} leads elsewhere more than {limit} times")]
    Redirects {
        /// The host that led on.
        host: String,
        /// How often is allowed.
        limit: usize,
    },
    /// Something was to be done, and the answer is that it is elsewhere.
    #[error("{host} leads a {method} elsewhere: it was not done; its URL has to be mended")]
    Moved {
        /// The host.
        host: String,
        /// What was to be done.
        method: http::Method,
    },
    /// The body is too large.
    #[error("{host} answered with more than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// The body is not what it says that it is.
    #[error("{host} answered with something that is no {expected}")]
    NotWhatItSays {
        /// The host.
        host: String,
        /// What it should be.
        expected: &'static str,
        /// What was wrong.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl EgressError {
    /// Whose answer there is none of, and its port where that is not the usual one: it may be a host to which another led.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Setting(_) | Self::Invalid(_) | Self::Argument { .. } | Self::Refused { .. } => None,
            Self::Address { host, .. }
            | Self::Unreachable { host, .. }
            | Self::TimedOut { host, .. }
            | Self::Redirects { host, .. }
            | Self::Moved { host, .. }
            | Self::TooLarge { host, .. }
            | Self::NotWhatItSays { host, .. } => Some(host),
        }
    }
}

impl Fault for EgressError {
    fn kind(&self) -> Kind {
        match self {
            Self::Setting(_) => Kind::Internal,
            Self::Invalid(_) | Self::Argument { .. } => Kind::InvalidArgument,
            Self::Refused { .. } | Self::Address { .. } => Kind::PermissionDenied,
            Self::Unreachable { .. } | Self::Redirects { .. } => Kind::Unavailable,
            Self::TimedOut { .. } => Kind::DeadlineExceeded,
            Self::TooLarge { .. } | Self::Moved { .. } => Kind::FailedPrecondition,
            Self::NotWhatItSays { .. } => Kind::DataLoss,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Setting(_) => "the way out is not configured".into(),
            // Which network a name leads to is nobody's business.
            Self::Address { host, .. } => format!("{host} may not be reached from here").into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::Address { .. } => "EGRESS_REFUSED",
            Self::Unreachable { .. } => "UPSTREAM_UNREACHABLE",
            Self::Redirects { .. } | Self::Moved { .. } => "UPSTREAM_REDIRECTS",
            Self::TooLarge { .. } => "UPSTREAM_ANSWER_TOO_LARGE",
            Self::NotWhatItSays { .. } => "UPSTREAM_ANSWER_INVALID",
            _ => self.kind().reason(),
        }
    }

    fn nothing_was_done(&self) -> bool {
        match self {
            Self::Invalid(_) | Self::Argument { .. } | Self::Moved { .. } => true,
            Self::Unreachable { unheard, .. } => *unheard,
            _ => false,
        }
    }
}
