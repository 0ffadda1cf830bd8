//! What a client's JSON can have wrong.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};

/// A body that cannot be a request.
#[derive(Debug, thiserror::Error)]
pub enum OpenAiError {
    /// Not JSON, or not of the shape that it should have.
    #[error("is not JSON of the expected shape")]
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

/// A parser's words with the column alone, and without that where the value was parsed before.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match said.strip_suffix(&place) {
        Some(bare) if error.line() <= 1 => format!("{bare} at column {}", error.column()),
        _ => said,
    }
}

impl Fault for OpenAiError {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            // What serde says names what was expected; the place, within one line, is only a column.
            Self::Body(error) => format!("{self}: {}", without_place(error)).into(),
            Self::Unsupported { .. } => self.to_string().into(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Body(_) => &[],
            Self::Unsupported { violation } => std::slice::from_ref(violation),
        }
    }
}
