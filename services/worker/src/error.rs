//! What can go wrong in this service.

use std::{borrow::Cow, time::Duration};

use artifacts::ArtifactsError;
use fault::{Fault, Kind, Violation};
use jobs::JobsError;
use jobview::JobviewError;
use objects::ObjectsError;
use rpc::{Remote, RpcError};

/// An error of the worker service: at its start, or of one run.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The settings of an upstream cannot be used.
    #[error(transparent)]
    Upstream(#[from] RpcError),
    /// The queue failed, or its settings cannot be used.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// Object storage failed, or its settings cannot be used.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// Artifacts could not be written or found.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// A peer answered with an error.
    #[error(transparent)]
    Peer(#[from] Remote),
    /// A receiver was not told of the end of a job.
    #[error("the receiver was not told")]
    Undelivered {
        /// Whether there is no use in telling it later.
        for_good: bool,
        /// What mcp says of it.
        #[source]
        problem: Remote,
    },
    /// A call that may have had its effect, of a tool that may not be called twice.
    #[error("the call may have had its effect, so it is not made again")]
    Spent(#[source] Box<Self>),
    /// The key that a job came with does not allow a model.
    #[error("this key may not use the model {model}: its list of models does not name it")]
    ModelForbidden {
        /// The model.
        model: String,
    },
    /// An end or an answer cannot be written.
    #[error(transparent)]
    View(#[from] JobviewError),
    /// A kind that was given a concurrency does not exist.
    #[error("--concurrency-of: there is no kind `{kind}`; there are {known}")]
    UnknownKind {
        /// What was given.
        kind: String,
        /// The kinds.
        known: String,
    },
    /// The job's work cannot be read.
    #[error("the job's work cannot be read")]
    Undecodable(#[source] prost::DecodeError),
    /// The job's input has something wrong with it.
    #[error("{0}")]
    Input(String),
    /// The job's input could not be read to its end.
    #[error("the job's input could not be read to its end")]
    Broken(#[source] std::io::Error),
    /// A peer's stream ended in the middle.
    #[error("llm-inference ended its stream before the answer was complete")]
    Incomplete,
    /// An answer cannot be written as JSON.
    #[error("an answer cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl WorkerError {
    /// Whether another attempt may go better.
    pub(crate) fn may_pass(&self) -> bool {
        if let Self::Undelivered { for_good, .. } = self {
            return !for_good;
        }
        if matches!(self, Self::Spent(_)) {
            return false;
        }
        match self.kind() {
            Kind::InvalidArgument
            | Kind::Unauthenticated
            | Kind::PermissionDenied
            | Kind::NotFound
            | Kind::AlreadyExists
            | Kind::FailedPrecondition
            | Kind::Unimplemented
            | Kind::DataLoss => false,
            Kind::Aborted
            | Kind::ResourceExhausted
            | Kind::Cancelled
            | Kind::DeadlineExceeded
            | Kind::Unavailable
            | Kind::Internal => true,
        }
    }
}

impl WorkerError {
    /// How long the next attempt has to wait at least, where somebody asks for that.
    pub(crate) fn rest(&self) -> Option<Duration> {
        match self {
            Self::Undelivered { for_good: false, problem } => problem.retry_after(),
            _ => None,
        }
    }
}

impl Fault for WorkerError {
    fn kind(&self) -> Kind {
        match self {
            Self::Upstream(error) => error.kind(),
            Self::Jobs(error) => error.kind(),
            Self::Objects(error) => error.kind(),
            Self::Artifacts(error) => error.kind(),
            Self::Peer(error) | Self::Undelivered { problem: error, .. } => error.kind(),
            Self::Spent(error) => error.kind(),
            Self::View(error) => error.kind(),
            Self::UnknownKind { .. } | Self::Input(_) => Kind::InvalidArgument,
            Self::Undecodable(_) => Kind::DataLoss,
            Self::Incomplete | Self::Broken(_) => Kind::Unavailable,
            Self::Json(_) => Kind::Internal,
            Self::ModelForbidden { .. } => Kind::PermissionDenied,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Upstream(error) => error.public_message(),
            Self::Jobs(error) => error.public_message(),
            Self::Objects(error) => error.public_message(),
            Self::Artifacts(error) => error.public_message(),
            Self::Peer(error) | Self::Undelivered { problem: error, .. } => error.public_message(),
            Self::View(error) => error.public_message(),
            Self::Spent(error) => format!("{} ({self})", error.public_message()).into(),
            Self::Json(_) => "the job failed inside the worker".into(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::ModelForbidden { .. } => "MODEL_FORBIDDEN",
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Objects(error) => error.violations(),
            Self::Artifacts(error) => error.violations(),
            Self::Peer(error) | Self::Undelivered { problem: error, .. } => error.violations(),
            _ => &[],
        }
    }

    fn nothing_was_done(&self) -> bool {
        match self {
            Self::Upstream(error) => error.nothing_was_done(),
            Self::Peer(error) | Self::Undelivered { problem: error, .. } => error.nothing_was_done(),
            _ => false,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Peer(error) | Self::Undelivered { problem: error, .. } => error.retry_after(),
            Self::Objects(error) => error.retry_after(),
            _ => None,
        }
    }
}
