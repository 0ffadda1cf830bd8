//! What can go wrong with keys.

use std::{borrow::Cow, io, path::PathBuf};

use fault::{Fault, Kind};

/// Why keys cannot be used, or why a caller is nobody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The configured API keys cannot be used; says why and what to do.
    #[error("{0}")]
    Key(String),
    /// The file of API keys cannot be read.
    #[error("reading the key file {}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A call came without a key, or with one that nobody here knows.
    #[error("no valid API key: {0}")]
    Unauthenticated(&'static str),
}

impl Fault for AccountsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthenticated(_) => Kind::Unauthenticated,
            Self::Key(_) | Self::KeyFile { .. } => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Unauthenticated(hint) => Cow::Borrowed(hint),
            Self::Key(_) | Self::KeyFile { .. } => "the service is not configured".into(),
        }
    }
}
