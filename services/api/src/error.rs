//! What can go wrong in this service.

use std::{borrow::Cow, io, path::PathBuf};

use fault::{Fault, Kind};
use rpc::RpcError;
use service::ServiceError;

/// An error of the api service.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
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
    /// The port could not be opened.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The settings of an upstream cannot be used.
    #[error(transparent)]
    Upstream(#[from] RpcError),
    /// A call came without a key, or with one that nobody here knows.
    #[error("no valid API key: {0}")]
    Unauthenticated(&'static str),
}

impl Fault for ApiError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unauthenticated(_) => Kind::Unauthenticated,
            _ => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Unauthenticated(hint) => Cow::Borrowed(hint),
            _ => Cow::Borrowed("the service is not configured"),
        }
    }
}
