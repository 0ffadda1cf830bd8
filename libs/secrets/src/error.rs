//! What can go wrong with secrets.

use std::{borrow::Cow, error::Error, io, path::PathBuf, sync::Arc};

use fault::{Fault, Kind};

/// Why there is no secret. None of them holds one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// Something that does not name a secret.
    #[error(
        "this does not name a secret: expected NAME or NAME#FIELD, of letters, digits and /_+=.@- (the value itself is \
         never written here)"
    )]
    Reference,
    /// There is none of this name.
    #[error("there is no secret {name}")]
    NotFound {
        /// The name.
        name: String,
    },
    /// There is one, but it cannot be used, or not by us.
    #[error("the secret {name} {problem}")]
    Unusable {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The place where secrets are kept could not be asked.
    #[error("{place} could not be asked")]
    Away {
        /// The place.
        place: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// Nobody says in which region the secrets are.
    #[error("AWS Secrets Manager has no region: set `region`, AWS_REGION, or one in the profile")]
    Region,
    /// The folder of secrets cannot be used.
    #[error("the folder of secrets {} cannot be read", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
}

impl SecretsError {
    pub(crate) fn missing(name: &str) -> Self {
        Self::NotFound { name: name.to_owned() }
    }

    pub(crate) fn away(place: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Away { place, source: Arc::from(source.into()) }
    }
}

impl Fault for SecretsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Reference => Kind::InvalidArgument,
            Self::NotFound { .. } | Self::Unusable { .. } | Self::Region | Self::Folder { .. } => {
                Kind::FailedPrecondition
            }
            Self::Away { .. } => Kind::Unavailable,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Reference => self.to_string().into(),
            // Callers can do nothing about it, and need not know what secrets there are.
            _ => "the credentials of this tool cannot be had; its operators find out why in the logs".into(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Reference => self.kind().reason(),
            _ => "CREDENTIALS_MISSING",
        }
    }
}
