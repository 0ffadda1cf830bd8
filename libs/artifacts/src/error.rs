//! What can go wrong between a job and its artifacts.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};
use objects::ObjectsError;

/// Why artifacts could not be written or found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactsError {
    /// A name that cannot be one.
    #[error("{violation}")]
    Invalid {
        /// What is wrong with it.
        violation: Violation,
    },
    /// The job has no artifact of this name, or none at all.
    #[error("there is no such artifact")]
    NotFound,
    /// Another run's manifest stands where this one's should.
    #[error("the job {job} was published by another run, {fence}")]
    PublishedByAnother {
        /// The job.
        job: String,
        /// The run that was published.
        fence: u64,
    },
    /// What is stored is no manifest.
    #[error("a job's manifest cannot be read")]
    Manifest(#[source] serde_json::Error),
    /// Object storage failed or refused.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

impl ArtifactsError {
    pub(crate) fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::Invalid { violation: Violation::new(field, description) }
    }
}

impl Fault for ArtifactsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid { .. } => Kind::InvalidArgument,
            Self::NotFound => Kind::NotFound,
            Self::PublishedByAnother { .. } => Kind::Aborted,
            Self::Manifest(_) => Kind::DataLoss,
            Self::Objects(error) => error.kind(),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Manifest(_) => "the record of the job's artifacts cannot be read".into(),
            Self::Objects(error) => error.public_message(),
            _ => self.to_string().into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "ARTIFACT_NOT_FOUND",
            Self::Objects(error) => error.reason(),
            _ => self.kind().reason(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid { violation } => std::slice::from_ref(violation),
            Self::Objects(error) => error.violations(),
            _ => &[],
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::Objects(error) => error.retry_after(),
            _ => None,
        }
    }
}
