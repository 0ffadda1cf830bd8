//! What can be wrong with a document.

use std::borrow::Cow;

use fault::{Fault, Kind};

/// Why a document, or an operation in it, cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenApiError {
    /// It is no document at all.
    #[error("this is no OpenAPI document: {0}")]
    Unreadable(String),
    /// There is no operation of this name.
    #[error("there is no operation {id:?}; there are: {known}")]
    NoOperation {
        /// What was asked for.
        id: String,
        /// What there is.
        known: String,
    },
    /// Something in it cannot be used.
    #[error("{place}: {problem}")]
    Unusable {
        /// Where, as a JSON pointer.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl OpenApiError {
    pub(crate) fn at(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Unusable { place: place.into(), problem: problem.into() }
    }
}

impl Fault for OpenApiError {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
}
