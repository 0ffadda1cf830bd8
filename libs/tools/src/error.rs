//! What can go wrong between a caller and a tool.

use std::{borrow::Cow, sync::Arc, time::Duration};

use fault::{Fault, Kind, Rounded, Violation};

use crate::Questions;

/// Why a call has no answer. Cloned to all who waited for one answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolsError {
    /// No tool of this name, or none that this caller may know of.
    #[error("there is no tool {name}: ask for the list of tools")]
    NotFound {
        /// The name.
        name: String,
    },
    /// The arguments do not fit the schema, or a tool was described wrongly.
    #[error("{}", told(.violations))]
    Invalid {
        /// Each wrong field.
        violations: Arc<[Violation]>,
    },
    /// An operator has switched the tool off.
    #[error("the tool {name} is switched off by its operators")]
    SwitchedOff {
        /// The tool.
        name: String,
    },
    /// Nothing that this caller may read lies there.
    #[error(
        "there is nothing at this URI for this key: it was never there, is another key's, or was removed since"
    )]
    NothingThere,
    /// The key does not allow this tool, which callers are not told: to them there is no such tool.
    #[error("this key may not call {name}: {missing}")]
    Forbidden {
        /// The tool.
        name: String,
        /// What the key lacks.
        missing: String,
    },
    /// The caller calls more often than the tool's rate.
    #[error("{name} is called more often than its limit for one caller")]
    TooOften {
        /// The tool.
        name: String,
        /// When the next call is let in.
        retry_after: Duration,
    },
    /// All of the tool's seats are taken.
    #[error("{name} is busy: {concurrency} calls at once are its limit")]
    Busy {
        /// The tool.
        name: String,
        /// The limit.
        concurrency: usize,
        /// When to try again.
        retry_after: Duration,
    },
    /// The upstream has failed so often that it is left alone.
    #[error("{upstream} has been failing and is left alone for a while")]
    Open {
        /// The upstream.
        upstream: String,
        /// When it is tried again.
        retry_after: Duration,
    },
    /// No answer in time.
    #[error("{name} did not answer within {}", Rounded(*.limit))]
    TimedOut {
        /// The tool.
        name: String,
        /// How long it had.
        limit: Duration,
    },
    /// No answer in the time of the whole call, which has left its last attempt less than an attempt may take.
    #[error(
        "{name} did not answer within the {} of the call, of which its last attempt had {}",
        Rounded(*.whole),
        Rounded(*.rest)
    )]
    OutOfTime {
        /// The tool.
        name: String,
        /// How long all attempts had together.
        whole: Duration,
        /// How long the last one had.
        rest: Duration,
    },
    /// What the upstream is asked with was not there in time, so it was not asked. It does not speak against the upstream.
    #[error("{name} was not asked: its credentials were not there within {}", Rounded(*.limit))]
    Unprepared {
        /// The tool.
        name: String,
        /// How long they had.
        limit: Duration,
    },
    /// The upstream could not be reached, failed, or asked to be left alone.
    #[error("{upstream} failed: {message}")]
    Upstream {
        /// The upstream.
        upstream: String,
        /// What callers may know of it.
        message: String,
        /// When it may be tried again, where it said so.
        retry_after: Option<Duration>,
        /// The cause, for our logs.
        #[source]
        source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    },
    /// The upstream led to another host, and that one failed. It does not speak against the upstream.
    #[error("{upstream} led to {host}, which failed: {message}")]
    Elsewhere {
        /// The upstream.
        upstream: String,
        /// Where it led to.
        host: String,
        /// What callers may know of it.
        message: String,
    },
    /// The answer is none that the tool may give.
    #[error("what {name} answered cannot be used: {problem}")]
    BadAnswer {
        /// The tool.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The answer is larger than the policy allows, and there is no place to put it.
    #[error("{name} answered with {size} bytes, above its limit of {limit}: ask for less")]
    TooLarge {
        /// The tool.
        name: String,
        /// The answer's size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// There is no answer yet: the tool has to ask its caller something, which only some callers can be.
    #[error("the tool has to ask something first, and this caller cannot be asked")]
    Asks(Arc<Questions>),
    /// The credentials with which the upstream is asked cannot be had. It does not speak against the upstream.
    #[error(transparent)]
    Credentials(Arc<dyn Inner>),
    /// A library of ours failed or refused; it knows what callers may be told.
    #[error(transparent)]
    Inner(Arc<dyn Inner>),
}

/// A fault of another library, as it can travel in a [`ToolsError`].
pub trait Inner: Fault + Send + Sync + 'static {}

impl<E: Fault + Send + Sync + 'static> Inner for E {}

impl ToolsError {
    /// Wrong fields.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        Self::Invalid { violations: violations.into() }
    }

    /// A fault of a library that a tool uses.
    pub fn inner(error: impl Fault + Send + Sync + 'static) -> Self {
        Self::Inner(Arc::new(error))
    }

    /// Why there are no credentials.
    pub fn credentials(error: impl Fault + Send + Sync + 'static) -> Self {
        Self::Credentials(Arc::new(error))
    }

    /// Whether this speaks against those who were asked rather than against the caller: what is retried.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Credentials(_) | Self::Unprepared { .. })
            && matches!(
                self.kind(),
                Kind::Unavailable | Kind::DeadlineExceeded | Kind::Internal | Kind::DataLoss | Kind::Aborted
            )
    }

    /// Whether this speaks against the tool's own upstream: what breakers count.
    pub(crate) fn blames_upstream(&self) -> bool {
        self.is_failure() && !matches!(self, Self::Elsewhere { .. })
    }

    /// Whether nobody was asked: there was nothing to ask with, or what was asked for was refused on the way out.
    pub(crate) fn never_left(&self) -> bool {
        match self {
            Self::Credentials(_) | Self::Unprepared { .. } | Self::Invalid { .. } => true,
            Self::Inner(error) => error.kind() == Kind::InvalidArgument || error.reason() == "EGRESS_REFUSED",
            _ => false,
        }
    }
}

fn told(violations: &[Violation]) -> String {
    let each: Vec<_> = violations.iter().map(ToString::to_string).collect();
    each.join("; ")
}

impl Fault for ToolsError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound { .. } | Self::NothingThere | Self::Forbidden { .. } => Kind::NotFound,
            Self::Invalid { .. } => Kind::InvalidArgument,
            Self::SwitchedOff { .. } | Self::TooLarge { .. } | Self::Asks(_) => Kind::FailedPrecondition,
            Self::TooOften { .. } | Self::Busy { .. } => Kind::ResourceExhausted,
            Self::Open { .. } | Self::Upstream { .. } | Self::Elsewhere { .. } | Self::Unprepared { .. } => {
                Kind::Unavailable
            }
            Self::TimedOut { .. } | Self::OutOfTime { .. } => Kind::DeadlineExceeded,
            Self::BadAnswer { .. } => Kind::DataLoss,
            Self::Credentials(error) | Self::Inner(error) => error.kind(),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Credentials(error) | Self::Inner(error) => error.public_message(),
            // Which tools there are, and for whom, is nobody's business who may not call them.
            Self::Forbidden { name, .. } => Self::NotFound { name: name.clone() }.to_string().into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotFound { .. } | Self::Forbidden { .. } => "TOOL_NOT_FOUND",
            Self::NothingThere => "RESOURCE_NOT_FOUND",
            Self::SwitchedOff { .. } => "TOOL_SWITCHED_OFF",
            Self::TooOften { .. } => "TOOL_RATE_LIMITED",
            Self::Busy { .. } => "TOOL_BUSY",
            Self::Unprepared { .. } => "CREDENTIALS_MISSING",
            Self::Open { .. } => "UPSTREAM_BREAKER_OPEN",
            Self::Upstream { .. } | Self::Elsewhere { .. } => "UPSTREAM_FAILED",
            Self::BadAnswer { .. } => "TOOL_ANSWER_INVALID",
            Self::TooLarge { .. } => "TOOL_ANSWER_TOO_LARGE",
            Self::Asks(_) => "TOOL_ASKS",
            Self::Credentials(error) | Self::Inner(error) => error.reason(),
            Self::Invalid { .. } | Self::TimedOut { .. } | Self::OutOfTime { .. } => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid { violations } => violations,
            Self::Credentials(error) | Self::Inner(error) => error.violations(),
            _ => &[],
        }
    }

    /// Of what is told after an attempt it is not certain: the upstream may have done it, and answered too late or wrongly.
    fn nothing_was_done(&self) -> bool {
        match self {
            Self::NotFound { .. }
            | Self::NothingThere
            | Self::Invalid { .. }
            | Self::SwitchedOff { .. }
            | Self::Forbidden { .. }
            | Self::TooOften { .. }
            | Self::Busy { .. }
            | Self::Open { .. }
            | Self::Unprepared { .. }
            | Self::Credentials(_) => true,
            Self::TimedOut { .. }
            | Self::OutOfTime { .. }
            | Self::Upstream { .. }
            | Self::Elsewhere { .. }
            | Self::BadAnswer { .. }
            | Self::TooLarge { .. }
            | Self::Asks(_) => false,
            Self::Inner(error) => error.nothing_was_done(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooOften { retry_after, .. }
            | Self::Busy { retry_after, .. }
            | Self::Open { retry_after, .. } => Some(*retry_after),
            Self::Upstream { retry_after, .. } => *retry_after,
            Self::Credentials(error) | Self::Inner(error) => error.retry_after(),
            _ => None,
        }
    }
}
