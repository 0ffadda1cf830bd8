//! What can go wrong in this service.

use std::{borrow::Cow, error::Error, io, path::PathBuf, time::Duration};

use accounts::AccountsError;
use contract::Invalid;
use fault::{Fault, Kind, Violation};
use objects::ObjectsError;
use secrets::SecretsError;
use service::ServiceError;
use tools::ToolsError;

/// An error of the mcp service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The file of tools cannot be read.
    #[error("reading the tools in {}", path.display())]
    ToolsFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of tools says something wrong; says where and what was expected.
    #[error("{0}")]
    Config(String),
    /// Secrets cannot be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The keys of `/mcp` cannot be used.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The port could not be opened.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Object storage failed or refused.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// A request breaks the contract.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Athena refuses what its tools need: something that operators have to mend, and callers cannot.
    #[error("Athena: {problem}")]
    Athena {
        /// What is wrong, and what to do.
        problem: String,
        /// What the client said.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// A tool failed or refused.
    #[error(transparent)]
    Tools(#[from] ToolsError),
}

impl McpError {
    /// The error of a library, which speaks for itself.
    fn inner(&self) -> Option<&dyn Fault> {
        match self {
            Self::Accounts(error) => Some(error),
            Self::Objects(error) => Some(error),
            Self::Secrets(error) => Some(error),
            Self::Invalid(error) => Some(error),
            Self::Tools(error) => Some(error),
            Self::ToolsFile { .. } | Self::Config(_) | Self::Service(_) | Self::Athena { .. } => None,
        }
    }
}

impl Fault for McpError {
    fn kind(&self) -> Kind {
        self.inner().map_or(Kind::Internal, Fault::kind)
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Athena { .. } => {
                "Athena is not set up rightly for this tool; its operators find out why in the logs".into()
            }
            _ => self.inner().map_or("the service is not configured".into(), Fault::public_message),
        }
    }

    fn reason(&self) -> &'static str {
        self.inner().map_or(self.kind().reason(), Fault::reason)
    }

    fn violations(&self) -> &[Violation] {
        self.inner().map_or(&[], Fault::violations)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.inner().and_then(Fault::retry_after)
    }
}
