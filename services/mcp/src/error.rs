//! What can go wrong in this service.

use std::{borrow::Cow, error::Error, time::Duration};

use accounts::AccountsError;
use arguments::{FileError, SettingsFile};
use contract::Invalid;
use egress::EgressError;
use fault::{Chain, Fault, Kind, Violation};
use identity::IdentityError;
use objects::ObjectsError;
use secrets::SecretsError;
use service::ServiceError;
use tools::ToolsError;
use webhooks::WebhooksError;

use crate::{outbox::Refusal, problems};

/// An error of the mcp service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum McpError {
    /// The file of tools cannot be read, or is none; says where in it and what was expected.
    #[error(transparent)]
    ToolsFile(#[from] FileError),
    /// The file of tools says something wrong; says where and what was expected.
    #[error("{0}")]
    Config(String),
    /// What a file describes cannot be had.
    #[error("{file}: {}", Chain(&**error))]
    InFile {
        /// The file, behind the flag that names it.
        file: String,
        /// Why not.
        error: Box<McpError>,
    },
    /// Several things are wrong with the file of tools.
    #[error("{}", problems::in_line(.0))]
    Several(Vec<McpError>),
    /// Secrets cannot be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The keys of `/mcp` cannot be used.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Those who are known by tokens and certificates cannot be had.
    #[error(transparent)]
    Identity(#[from] IdentityError),
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
    /// Nobody has said to whom webhooks may go.
    #[error(
        "webhooks are not configured: the file of tools has no [webhooks] table that says how they are signed and where they may go"
    )]
    NoWebhooks,
    /// What webhooks are signed with cannot be had.
    #[error("a secret that webhooks are signed with cannot be had")]
    WebhookSecret(#[source] SecretsError),
    /// What webhooks are signed with is none to sign with.
    #[error("the secret {name}, which webhooks are signed with, cannot be used: {problem}")]
    WebhookMaster {
        /// Which.
        name: String,
        /// Why not.
        problem: WebhooksError,
    },
    /// A webhook could not be sent, or may not be.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// A receiver did not take a webhook.
    #[error("the receiver answered {status}{}", .refusal.explained())]
    Webhook {
        /// Its status.
        status: u16,
        /// For how long.
        refusal: Refusal,
    },
    /// A tool failed or refused.
    #[error(transparent)]
    Tools(#[from] ToolsError),
}

impl McpError {
    /// The same, with the file that describes what cannot be had.
    pub(crate) fn in_file(self, file: &SettingsFile<'_>) -> Self {
        Self::InFile { file: file.to_string(), error: Box::new(self) }
    }

    /// Each thing that is wrong, in words.
    pub fn each(&self) -> Vec<String> {
        match self {
            Self::Several(all) => all.iter().map(|error| Chain(error).to_string()).collect(),
            one => vec![Chain(one).to_string()],
        }
    }

    /// The error of a library, which speaks for itself.
    fn inner(&self) -> Option<&dyn Fault> {
        match self {
            Self::Accounts(error) => Some(error),
            Self::Identity(error) => Some(error),
            Self::Objects(error) => Some(error),
            Self::Secrets(error) | Self::WebhookSecret(error) => Some(error),
            Self::Invalid(error) => Some(error),
            Self::Tools(error) => Some(error),
            Self::Egress(error) => Some(error),
            Self::InFile { error, .. } => Some(&**error),
            Self::ToolsFile(_)
            | Self::Config(_)
            | Self::Several(_)
            | Self::Service(_)
            | Self::NoWebhooks
            | Self::WebhookMaster { .. }
            | Self::Webhook { .. }
            | Self::Athena { .. } => None,
        }
    }
}

impl Fault for McpError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoWebhooks
            | Self::WebhookMaster { .. }
            | Self::Webhook { refusal: Refusal::ForGood, .. } => Kind::FailedPrecondition,
            Self::Webhook { refusal: Refusal::ForNow(_), .. } => Kind::Unavailable,
            _ => self.inner().map_or(Kind::Internal, Fault::kind),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Athena { .. } => {
                "Athena is not set up rightly for this tool; its operators find out why in the logs".into()
            }
            Self::NoWebhooks | Self::WebhookSecret(_) | Self::WebhookMaster { .. } | Self::Webhook { .. } => {
                self.to_string().into()
            }
            _ => self.inner().map_or("the service is not configured".into(), Fault::public_message),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NoWebhooks | Self::WebhookMaster { .. } => "WEBHOOKS_NOT_CONFIGURED",
            Self::Webhook { refusal: Refusal::ForGood, .. } => "WEBHOOK_REFUSED",
            Self::Webhook { refusal: Refusal::ForNow(_), .. } => "WEBHOOK_FAILED",
            _ => self.inner().map_or(self.kind().reason(), Fault::reason),
        }
    }

    fn violations(&self) -> &[Violation] {
        self.inner().map_or(&[], Fault::violations)
    }

    fn nothing_was_done(&self) -> bool {
        self.inner().is_some_and(Fault::nothing_was_done)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Webhook { refusal: Refusal::ForNow(rest), .. } => *rest,
            _ => self.inner().and_then(Fault::retry_after),
        }
    }
}
