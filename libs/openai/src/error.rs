//! What a client's JSON can have wrong.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};

/// A body that cannot be a request.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiError {
    /// Not JSON, or not of the shape that it should have; serde's words name the place.
    #[error("the body cannot be read: {0}")]
    Body(#[from] serde_json::Error),
    /// A parameter has a value that is not supported here.
    #[error("{violation}")]
    Unsupported {
        /// The parameter and what is expected of it.
        violation: Violation,
    },
}

impl OpenAiError {
    pub(crate) fn unsupported(parameter: &str, description: impl Into<String>) -> Self {
        Self::Unsupported { violation: Violation::new(parameter, description) }
    }
}

impl Fault for OpenAiError {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Body(_) => &[],
            Self::Unsupported { violation } => std::slice::from_ref(violation),
        }
    }
}
