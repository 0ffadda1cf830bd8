//! What can go wrong between a caller and its job.

use std::{borrow::Cow, error::Error, sync::Arc, time::Duration};

use arguments::FileError;
use fault::{Fault, Kind, Rounded, Violation};

use crate::{JobId, State};

/// Why the queue did not do what it was asked.
///
/// It can be cloned because one broken connection fails every call that shared a batch.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobsError {
    /// The request itself is wrong.
    #[error("invalid request: {}", join(.violations))]
    InvalidRequest {
        /// Every wrong field.
        violations: Vec<Violation>,
    },
    /// No more jobs may wait, in the queue or of this tenant.
    #[error("{whose} has as many jobs waiting as it may have; try again in {}", Rounded(*.retry_after))]
    QueueFull {
        /// `the queue` or `the tenant`.
        whose: &'static str,
        /// When room is likely.
        retry_after: Duration,
    },
    /// The idempotency key was used before, for another request.
    #[error("the idempotency key `{key}` was used for another request; send the same request or a new key")]
    KeyConflict {
        /// The key as the caller gave it.
        key: String,
    },
    /// There is no such job, or it ended so long ago that it was removed.
    #[error("there is no job {id}; ended jobs are kept for a limited time")]
    NotFound {
        /// The job that was asked for.
        id: JobId,
    },
    /// There is no such schedule.
    #[error("there is no schedule `{name}`")]
    NoSchedule {
        /// The schedule that was asked for.
        name: String,
    },
    /// The job is in a state in which this cannot be done.
    #[error("the job {id} {}, so it cannot be {action}", is(*.state))]
    WrongState {
        /// The job.
        id: JobId,
        /// The state that it is in.
        state: State,
        /// What was asked for: `requeued` or `deleted`.
        action: &'static str,
    },
    /// Redis could not be reached, did not answer in time, or refused.
    #[error("Redis failed while it was asked to {doing}")]
    Redis {
        /// The script or command.
        doing: &'static str,
        /// What the connection said.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// What is stored in Redis is not what this program writes.
    #[error("Redis holds something unexpected where {what} should be")]
    Corrupt {
        /// What was to be read.
        what: &'static str,
    },
    /// A setting makes no sense.
    #[error("{flag}: {problem}")]
    InvalidSetting {
        /// The command line flag.
        flag: &'static str,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A file of TLS cannot be used; says which and why.
    #[error(transparent)]
    File(#[from] FileError),
    /// The heart's thread could not be started.
    #[error("cannot start the thread that keeps leases alive")]
    Thread(#[source] Arc<std::io::Error>),
}

impl JobsError {
    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::InvalidRequest { violations: vec![Violation::new(field, description)] }
    }

    pub(crate) fn redis(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Redis { doing, source: Arc::from(source.into()) }
    }
}

/// A state in the words of the contract.
fn is(state: State) -> String {
    match state {
        State::Done => "has succeeded".to_owned(),
        state => format!("is {state}"),
    }
}

fn join(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Fault for JobsError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidRequest { .. } => Kind::InvalidArgument,
            Self::QueueFull { .. } => Kind::ResourceExhausted,
            Self::KeyConflict { .. } => Kind::AlreadyExists,
            Self::NotFound { .. } | Self::NoSchedule { .. } => Kind::NotFound,
            Self::WrongState { .. } | Self::InvalidSetting { .. } | Self::File(_) => Kind::FailedPrecondition,
            Self::Redis { .. } => Kind::Unavailable,
            Self::Corrupt { .. } => Kind::DataLoss,
            Self::Thread(_) => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Redis { .. } => "the job queue cannot be reached; try again".into(),
            Self::Corrupt { .. } => "the stored job cannot be read".into(),
            Self::InvalidSetting { .. } | Self::File(_) | Self::Thread(_) => {
                "the job queue could not be started".into()
            }
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } => "QUEUE_FULL",
            Self::KeyConflict { .. } => "IDEMPOTENCY_KEY_REUSED",
            Self::NotFound { .. } => "JOB_NOT_FOUND",
            Self::WrongState { .. } => "JOB_WRONG_STATE",
            Self::Redis { .. } => "QUEUE_UNAVAILABLE",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::InvalidRequest { violations } => violations,
            _ => &[],
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::{Chain, Fault};

    use super::JobsError;

    #[test]
    fn what_redis_said_is_for_logs_only() {
        let error = JobsError::redis("claim", "connection refused by 10.0.0.7");
        assert_eq!(
            Chain(&error).to_string(),
            "Redis failed while it was asked to claim: connection refused by 10.0.0.7"
        );
        assert!(!error.public_message().contains("10.0.0.7"));
    }
}
