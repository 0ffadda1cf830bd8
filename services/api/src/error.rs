//! What can go wrong in this service.

use std::{borrow::Cow, error::Error, time::Duration};

use accounts::AccountsError;
use arguments::{FileError, Flaw};
use artifacts::ArtifactsError;
use contract::Invalid;
use fault::{Fault, Kind, Quota, TooSlow, Violation};
use identity::IdentityError;
use jobs::JobsError;
use objects::ObjectsError;
use openai::OpenAiError;
use rpc::RpcError;
use service::ServiceError;
use transcoding::TranscodingError;

/// An error of the api service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The keys cannot be used, or none came that can.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A token or a certificate opens nothing, or those who are believed about callers cannot be.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Callers are to be known by certificates that nobody asks them for.
    #[error(
        "the file of identities knows certificates, and nobody asks callers for theirs: give --tls-client-ca as well"
    )]
    NoClientAuthority,
    /// The port could not be opened.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The settings of an upstream cannot be used.
    #[error(transparent)]
    Upstream(#[from] RpcError),
    /// The file of routes cannot be used; says where in it and what to do.
    #[error(transparent)]
    RoutesFile(#[from] FileError),
    /// The same before it is said in which file.
    #[error(transparent)]
    Route(#[from] Flaw),
    /// No route is for this model.
    #[error("model {model:?} is not served here; ListModels gives those that are")]
    NoRoute {
        /// The model.
        model: String,
    },
    /// A release has as many calls as it takes, and as many wait.
    #[error("the model is busy, and too many calls wait for it already: try again later")]
    Shed {
        /// When to try again.
        retry_after: Duration,
    },
    /// A route without targets: a fault of ours, as the file is checked.
    #[error("a route has no targets")]
    NoTarget,
    /// The contract cannot be served as JSON.
    #[error("the contract cannot be served as JSON")]
    Contract(#[from] TranscodingError),
    /// A request breaks the contract.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// This installation takes no jobs.
    #[error("no queue is configured: give --redis-url")]
    NoQueue,
    /// This installation keeps no artifacts.
    #[error("no object store is configured: give --objects-url")]
    NoObjects,
    /// The key may not create such jobs.
    #[error("this key may not create jobs of the kind {kind}: its list of jobs does not name it")]
    KindForbidden {
        /// The kind.
        kind: &'static str,
    },
    /// The key may not call the tool that a job is to call.
    #[error("this key may not call {tool}: its list of tools does not name it")]
    ToolForbidden {
        /// The tool.
        tool: String,
    },
    /// The key may not use the model.
    #[error(
        "this key may not use the model {model}: its list of models does not name it; ListModels shows those it may"
    )]
    ModelForbidden {
        /// The model.
        model: String,
    },
    /// The key does not administer keys.
    #[error(
        "only a key with the scope `admin` manages API keys: call with such a key, or ask whoever has one"
    )]
    NotAdmin,
    /// This installation keeps no keys but those of its file.
    #[error(
        "no store of keys is configured: give --accounts-redis-url; `ondol keys new` makes a key for the key file"
    )]
    NoKeyStore,
    /// The queue failed or refused.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// Artifacts could not be found or read.
    #[error(transparent)]
    Artifacts(#[from] ArtifactsError),
    /// Object storage failed or refused.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// A stream was ended because the process goes away.
    #[error("this instance is going away; another one goes on from where this ended")]
    Draining,
    /// The path is not served with this method.
    #[error("this path cannot be called with this method: the header `allow` names those that it takes")]
    MethodNotAllowed,
    /// A request to OpenAI's interface cannot be understood, or asks for what is not there.
    #[error(transparent)]
    OpenAi(#[from] OpenAiError),
    /// The body of a request is something else.
    #[error("the body has to be JSON: send `content-type: application/json`, uncompressed")]
    NotJson,
    /// More bytes were sent than a request may have.
    #[error("the body of a request has at most {limit} bytes")]
    BodyTooLarge {
        /// The most bytes.
        limit: usize,
    },
    /// The bytes of a request stopped before their end, or in a way that cannot be read as HTTP.
    #[error("the body broke off before its end, or what frames it cannot be read")]
    BodyBroken(#[source] Box<dyn Error + Send + Sync>),
    /// The bytes of a request came too slowly, and were given up.
    #[error("the body came too slowly: send it in one go")]
    BodyTooSlow,
    /// A stream of text ended without an end.
    #[error("the text broke off")]
    TextBrokenOff,
    /// More bytes were sent than an upload may have.
    #[error("an upload has at most {limit} bytes")]
    UploadTooLarge {
        /// The most bytes.
        limit: u64,
    },
    /// An upload was written before.
    #[error("this upload has been written already: each takes one PUT, so make another with CreateUploadUrl")]
    UploadTaken,
    /// The bytes of an upload stopped before their end.
    #[error("the upload broke off")]
    UploadBroken(#[source] Box<dyn Error + Send + Sync>),
}

impl ApiError {
    /// The body of a request ended before its end.
    pub(crate) fn body_cut(cut: Box<dyn Error + Send + Sync>) -> Self {
        if TooSlow::is_cause_of(&*cut) { Self::BodyTooSlow } else { Self::BodyBroken(cut) }
    }

    /// An upload ended before its end.
    pub(crate) fn upload_cut(cut: Box<dyn Error + Send + Sync>) -> Self {
        if TooSlow::is_cause_of(&*cut) { Self::BodyTooSlow } else { Self::UploadBroken(cut) }
    }

    /// The error of a library, which speaks for itself.
    fn inner(&self) -> Option<&dyn Fault> {
        match self {
            Self::Accounts(error) => Some(error),
            Self::Identity(error) => Some(error),
            Self::Invalid(error) => Some(error),
            Self::Jobs(error) => Some(error),
            Self::Artifacts(error) => Some(error),
            Self::Objects(error) => Some(error),
            Self::OpenAi(error) => Some(error),
            _ => None,
        }
    }
}

impl Fault for ApiError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoQueue | Self::NoObjects | Self::NoKeyStore => Kind::Unimplemented,
            Self::KindForbidden { .. }
            | Self::ToolForbidden { .. }
            | Self::ModelForbidden { .. }
            | Self::NotAdmin => Kind::PermissionDenied,
            Self::NoRoute { .. } => Kind::NotFound,
            Self::Shed { .. } => Kind::ResourceExhausted,
            Self::Draining => Kind::Unavailable,
            Self::MethodNotAllowed
            | Self::UploadTooLarge { .. }
            | Self::NotJson
            | Self::BodyBroken(_)
            | Self::BodyTooLarge { .. } => Kind::InvalidArgument,
            Self::UploadBroken(_) | Self::BodyTooSlow => Kind::Cancelled,
            Self::UploadTaken => Kind::AlreadyExists,
            _ => self.inner().map_or(Kind::Internal, Fault::kind),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::NoRoute { .. }
            | Self::Shed { .. }
            | Self::NoQueue
            | Self::NoObjects
            | Self::KindForbidden { .. }
            | Self::ToolForbidden { .. }
            | Self::ModelForbidden { .. }
            | Self::NotAdmin
            | Self::NoKeyStore
            | Self::Draining
            | Self::MethodNotAllowed
            | Self::NotJson
            | Self::BodyTooLarge { .. }
            | Self::BodyBroken(_)
            | Self::BodyTooSlow
            | Self::TextBrokenOff
            | Self::UploadTooLarge { .. }
            | Self::UploadTaken
            | Self::UploadBroken(_) => Cow::Owned(self.to_string()),
            _ => self.inner().map_or("the service is not configured".into(), Fault::public_message),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::NoRoute { .. } => "MODEL_NOT_FOUND",
            Self::Shed { .. } => "MODEL_BUSY",
            Self::NoQueue => "NO_QUEUE",
            Self::NoObjects => "NO_OBJECT_STORE",
            Self::KindForbidden { .. } => "JOB_KIND_FORBIDDEN",
            Self::ToolForbidden { .. } => "TOOL_FORBIDDEN",
            Self::ModelForbidden { .. } => "MODEL_FORBIDDEN",
            Self::NotAdmin => "ADMIN_SCOPE_REQUIRED",
            Self::NoKeyStore => "NO_KEY_STORE",
            Self::Draining => "DRAINING",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotJson => "UNSUPPORTED_CONTENT_TYPE",
            Self::BodyTooLarge { .. } => "BODY_TOO_LARGE",
            Self::BodyBroken(_) => "BODY_BROKEN_OFF",
            Self::BodyTooSlow => "BODY_TOO_SLOW",
            Self::UploadTooLarge { .. } => "UPLOAD_TOO_LARGE",
            Self::UploadTaken => "UPLOAD_TAKEN",
            Self::UploadBroken(_) => "UPLOAD_BROKEN_OFF",
            _ => self.inner().map_or(self.kind().reason(), Fault::reason),
        }
    }

    fn violations(&self) -> &[Violation] {
        self.inner().map_or(&[], Fault::violations)
    }

    fn quotas(&self) -> Vec<Quota> {
        self.inner().map_or_else(Vec::new, Fault::quotas)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Shed { retry_after } => Some(*retry_after),
            _ => self.inner().and_then(Fault::retry_after),
        }
    }

    fn nothing_was_done(&self) -> bool {
        match self {
            Self::Shed { .. } => true,
            _ => self.inner().is_some_and(Fault::nothing_was_done),
        }
    }
}
