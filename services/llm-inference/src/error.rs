//! What can go wrong in this service.

use std::{borrow::Cow, time::Duration};

use contract::Invalid;
use engine::EngineError;
use fault::{Fault, Kind, Violation};
use models::ModelError;
use service::ServiceError;

/// An error of the llm-inference service.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// The request breaks the contract.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// No such model is served here.
    #[error("model {asked:?} is not served here; ListModels gives those that are")]
    UnknownModel {
        /// The id that was asked for.
        asked: String,
    },
    /// Messages came for a model that only continues plain text.
    #[error("model {0:?} has no chat template")]
    NoChatTemplate(String),
    /// Two arguments, or an argument and the store, do not go together.
    #[error("{0}")]
    Arguments(String),
    /// A package, its tokenizer or its chat template failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The port could not be opened.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The engine ended a generation without saying how; a fault of ours.
    #[error("the generation ended without a last event")]
    Unfinished,
    /// Work on a thread of its own, such as loading or tokenising, was lost.
    #[error("work on a thread for blocking work was lost")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl InferenceError {
    /// The fault that this error stands for, where another crate knows more of it.
    fn inner(&self) -> Option<&dyn Fault> {
        match self {
            Self::Invalid(error) => Some(error),
            Self::Model(error) => Some(error),
            Self::Engine(error) => Some(error),
            _ => None,
        }
    }
}

impl Fault for InferenceError {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownModel { .. } => Kind::NotFound,
            Self::NoChatTemplate(_) => Kind::FailedPrecondition,
            _ => self.inner().map_or(Kind::Internal, Fault::kind),
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::UnknownModel { .. } => self.to_string().into(),
            Self::NoChatTemplate(_) => format!("{self}; give prompt instead of messages").into(),
            _ => match self.inner() {
                Some(fault) => fault.public_message(),
                None => "the service failed".into(),
            },
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::UnknownModel { .. } => "MODEL_NOT_FOUND",
            Self::NoChatTemplate(_) => "NO_CHAT_TEMPLATE",
            _ => self.inner().map_or(self.kind().reason(), Fault::reason),
        }
    }

    fn violations(&self) -> &[Violation] {
        self.inner().map_or(&[], Fault::violations)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.inner().and_then(Fault::retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_field_keeps_its_name_on_the_way_up() {
        let error = InferenceError::from(Invalid::field("messages", "is required"));
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert_eq!(error.violations()[0].field, "messages");
    }

    #[test]
    fn an_unknown_model_says_where_to_look() {
        let error = InferenceError::UnknownModel { asked: "gpt".into() };
        assert_eq!((error.kind(), error.reason()), (Kind::NotFound, "MODEL_NOT_FOUND"));
        assert!(error.public_message().contains("ListModels"));
    }
}
