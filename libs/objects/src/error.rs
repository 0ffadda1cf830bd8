//! What can go wrong between a caller and its bytes.

use std::{borrow::Cow, error::Error, io, path::PathBuf, time::Duration};

use fault::{Fault, Kind, Violation};

use crate::{ETag, Key};

/// How long callers are told to wait when the store asks to slow down; its own retries have waited already.
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// Whatever S3's client or the operating system said.
type Source = Box<dyn Error + Send + Sync>;

/// Why an object could not be read, written, listed or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectsError {
    /// The request itself is wrong: a key, a prefix, a page token, an attribute, a lifetime.
    #[error("invalid request: {}", join(.violations))]
    InvalidRequest {
        /// Every wrong field.
        violations: Vec<Violation>,
    },
    /// There is no such object, or not in this version.
    #[error("there is no object `{key}`")]
    NotFound {
        /// Its key.
        key: Key,
    },
    /// [`IfAbsent`](crate::Condition::IfAbsent) was asked for and the object is there.
    #[error("the object `{key}` exists already")]
    AlreadyExists {
        /// Its key.
        key: Key,
    },
    /// The object is another than the one asked for with its entity tag, or a concurrent write came between.
    #[error("the object `{key}` is not the one expected: somebody else wrote or deleted it")]
    Conflict {
        /// Its key.
        key: Key,
    },
    /// The caller has this very object already (`if_none_match`). Not a failure: HTTP's 304.
    #[error("the object has not changed from {etag}")]
    NotModified {
        /// Its entity tag.
        etag: ETag,
    },
    /// No byte of the object is in the range.
    #[error("the range lies outside of the object, which has {size} bytes")]
    RangeNotSatisfiable {
        /// Bytes of the whole object.
        size: u64,
    },
    /// The object was replaced or deleted while it was being read; what was read so far is of no use.
    #[error("the object `{key}` was replaced while it was being read; read it again")]
    Replaced {
        /// Its key.
        key: Key,
    },
    /// The object is larger than what the caller, or the store, can take in one piece.
    #[error("the object `{key}` is larger than {limit} bytes")]
    TooLarge {
        /// Its key.
        key: Key,
        /// The most bytes that were allowed.
        limit: u64,
    },
    /// The bytes do not fit their checksum or their length.
    #[error("the object `{key}` is damaged: {problem}")]
    Damaged {
        /// Its key.
        key: Key,
        /// What did not fit.
        problem: String,
    },
    /// The store cannot do this at all.
    #[error("{store} cannot {what}")]
    Unsupported {
        /// Which store, such as `a folder`.
        store: &'static str,
        /// What was asked for, as a verb: `sign URLs`.
        what: &'static str,
    },
    /// The writer failed before, or a call on it was given up halfway; nothing was stored.
    #[error("the object `{key}` is no longer being written, because an earlier write failed")]
    WriterFailed {
        /// Its key.
        key: Key,
    },
    /// A setting makes no sense.
    #[error("{flag}: {problem}")]
    InvalidSetting {
        /// The command line flag.
        flag: &'static str,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// The bucket is in another region than the one that is set.
    #[error(
        "the bucket `{bucket}` is {}, not in the region `{configured}`; set --objects-region or AWS_REGION to it",
        .actual.as_ref().map_or_else(|| "in another region".to_owned(), |actual| format!("in the region `{actual}`"))
    )]
    WrongRegion {
        /// The bucket.
        bucket: String,
        /// The region that is set.
        configured: String,
        /// The bucket's region, if S3 told it.
        actual: Option<String>,
    },
    /// The bucket does not exist.
    #[error("there is no bucket `{bucket}`; create it or mend --objects-url")]
    NoBucket {
        /// The bucket.
        bucket: String,
    },
    /// There are no credentials, or S3 does not know them.
    #[error(
        "no valid credentials for the bucket `{bucket}` ({problem}); check the pod's identity, --objects-profile or AWS_ACCESS_KEY_ID"
    )]
    Credentials {
        /// The bucket.
        bucket: String,
        /// S3's word for it, or what was missing.
        problem: String,
        /// What the client said.
        #[source]
        source: Source,
    },
    /// The credentials are valid but do not allow this.
    #[error("the bucket `{bucket}` refuses to {operation}; the policy must allow s3:{permission}")]
    AccessDenied {
        /// The bucket.
        bucket: String,
        /// What was done.
        operation: &'static str,
        /// The action that a policy must allow.
        permission: &'static str,
        /// What the client said.
        #[source]
        source: Source,
    },
    /// This machine's clock is so wrong that S3 takes no signature of it.
    #[error("the clock of this machine differs too much from S3's; synchronise it (NTP)")]
    ClockSkew {
        /// What the client said.
        #[source]
        source: Source,
    },
    /// The store asks to slow down, and went on asking through all retries.
    #[error("the object store is overloaded: it still asks to slow down after {attempts} attempts")]
    SlowDown {
        /// How often it was tried.
        attempts: u32,
        /// What the client said.
        #[source]
        source: Source,
    },
    /// The store cannot be reached, cuts its connections, stalls or fails, and did so through all retries.
    #[error("could not {operation}: the object store failed or could not be reached in {attempts} attempts")]
    Unavailable {
        /// What was done.
        operation: &'static str,
        /// How often it was tried.
        attempts: u32,
        /// What the client said.
        #[source]
        source: Source,
    },
    /// The store answered with something that has no place here.
    #[error("could not {operation}: the object store answered `{code}`")]
    Unexpected {
        /// What was done.
        operation: &'static str,
        /// S3's error code, or the status.
        code: String,
        /// What the client said.
        #[source]
        source: Source,
    },
    /// The folder could not be used.
    #[error("could not {doing} {}", .path.display())]
    File {
        /// What was done, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

impl ObjectsError {
    /// One wrong field of a request.
    pub(crate) fn invalid(field: &str, problem: impl Into<String>) -> Self {
        Self::InvalidRequest { violations: vec![Violation::new(field, problem)] }
    }
}

fn join(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Fault for ObjectsError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidRequest { .. } | Self::RangeNotSatisfiable { .. } => Kind::InvalidArgument,
            Self::NotFound { .. } => Kind::NotFound,
            Self::AlreadyExists { .. } => Kind::AlreadyExists,
            Self::Conflict { .. } | Self::Replaced { .. } => Kind::Aborted,
            Self::NotModified { .. } | Self::TooLarge { .. } | Self::InvalidSetting { .. } => {
                Kind::FailedPrecondition
            }
            Self::Damaged { .. } => Kind::DataLoss,
            Self::Unsupported { .. } => Kind::Unimplemented,
            Self::SlowDown { .. } | Self::Unavailable { .. } => Kind::Unavailable,
            Self::File { source, .. } if is_full(source) => Kind::ResourceExhausted,
            // Faults of the installation: no caller can mend them, and somebody should be called.
            Self::WriterFailed { .. }
            | Self::WrongRegion { .. }
            | Self::NoBucket { .. }
            | Self::Credentials { .. }
            | Self::AccessDenied { .. }
            | Self::ClockSkew { .. }
            | Self::Unexpected { .. }
            | Self::File { .. } => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::InvalidRequest { .. }
            | Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::Conflict { .. }
            | Self::NotModified { .. }
            | Self::RangeNotSatisfiable { .. }
            | Self::Replaced { .. }
            | Self::TooLarge { .. } => self.to_string().into(),
            Self::Damaged { .. } => "the stored object is damaged".into(),
            Self::Unsupported { what, .. } => {
                format!("this installation's object store cannot {what}").into()
            }
            Self::SlowDown { .. } => "the object store is overloaded; try again later".into(),
            Self::Unavailable { .. } => "the object store cannot be reached; try again".into(),
            Self::File { source, .. } if is_full(source) => "the object store is full".into(),
            Self::WriterFailed { .. } | Self::Unexpected { .. } | Self::File { .. } => {
                "the object store failed".into()
            }
            Self::InvalidSetting { .. }
            | Self::WrongRegion { .. }
            | Self::NoBucket { .. }
            | Self::Credentials { .. }
            | Self::AccessDenied { .. }
            | Self::ClockSkew { .. } => "the object store is not set up rightly; tell its operator".into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NotModified { .. } => "OBJECT_NOT_MODIFIED",
            Self::RangeNotSatisfiable { .. } => "RANGE_NOT_SATISFIABLE",
            Self::TooLarge { .. } => "OBJECT_TOO_LARGE",
            Self::Damaged { .. } => "OBJECT_DAMAGED",
            Self::SlowDown { .. } => "OBJECT_STORE_SLOW_DOWN",
            Self::Unavailable { .. } => "OBJECT_STORE_UNAVAILABLE",
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
        matches!(self, Self::SlowDown { .. }).then_some(SLOW_DOWN)
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use std::io;

    use fault::{Chain, Fault, Kind};

    use super::ObjectsError;

    #[test]
    fn callers_learn_nothing_of_the_installation() {
        let error = ObjectsError::Credentials {
            bucket: "team-secrets".to_owned(),
            problem: "InvalidAccessKeyId".to_owned(),
            source: "key AKIAEXAMPLE".into(),
        };
        assert!(Chain(&error).to_string().ends_with(": key AKIAEXAMPLE"));
        assert!(!error.public_message().contains("team"));
        assert_eq!(error.kind(), Kind::Internal);
    }

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let error = |kind: io::ErrorKind| ObjectsError::File {
            doing: "write",
            path: "/x".into(),
            source: kind.into(),
        };
        assert_eq!(error(io::ErrorKind::StorageFull).kind(), Kind::ResourceExhausted);
        assert_eq!(error(io::ErrorKind::PermissionDenied).kind(), Kind::Internal);
    }
}
