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
    /// Object storage failed or refused. Its keys are not shown to callers.
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
            Self::PublishedByAnother { .. } | Self::Manifest(_) => Kind::DataLoss,
            Self::Objects(error) => error.kind(),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Manifest(_) => "the record of the job's artifacts cannot be read".into(),
            Self::PublishedByAnother { .. } => "the record of the job's artifacts is not this run's".into(),
            // Where things lie in the store is nobody's business.
            Self::Objects(error) => match error.kind() {
                Kind::NotFound => "a part of the job's artifacts is missing".into(),
                Kind::AlreadyExists | Kind::Aborted => {
                    "the artifact was changed at the same time; try again".into()
                }
                Kind::FailedPrecondition => "the record of the job's artifacts cannot be used".into(),
                _ => error.public_message(),
            },
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

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};
    use objects::{Key, ObjectsError};

    use super::ArtifactsError;

    #[test]
    fn callers_learn_neither_keys_nor_fences() {
        let key = || Key::new("generated/0a/71/image.png").unwrap();
        let errors = [
            ArtifactsError::PublishedByAnother { job: "0a".to_owned(), fence: 71 },
            ObjectsError::NotFound { key: key() }.into(),
            ObjectsError::AlreadyExists { key: key() }.into(),
            ObjectsError::Conflict { key: key() }.into(),
            ObjectsError::Replaced { key: key() }.into(),
            ObjectsError::TooLarge { key: key(), limit: 71 }.into(),
            ObjectsError::Damaged { key: key(), problem: "at 71".to_owned() }.into(),
        ];
        for error in errors {
            let told = error.public_message();
            assert!(!told.contains("71") && !told.contains("generated"), "{told}");
        }
        let lost = ArtifactsError::PublishedByAnother { job: "0a".to_owned(), fence: 71 };
        assert_eq!(lost.kind(), Kind::DataLoss);
    }
}
