//! What can go wrong with secrets.

use std::borrow::Cow;

use fault::{Fault, Kind};

use crate::Reference;

/// Why there is no secret. None of them holds one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// Something that does not name a secret.
    #[error(
        "this does not name a secret: expected NAME or NAME#FIELD, of letters, digits and /_+=.@- (the value itself is \
         never written here)"
    )]
    Reference,
    /// There is none of this name.
    #[error("there is no secret {reference}")]
    NotFound {
        /// The name.
        reference: Reference,
    },
}

impl Fault for SecretsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Reference => Kind::InvalidArgument,
            Self::NotFound { .. } => Kind::Internal,
        }
    }

    fn public_message(&self) -> Cow<'_, str> {
        match self {
            Self::Reference => self.to_string().into(),
            Self::NotFound { .. } => {
                "a credential of this tool is missing; its operators can find it in their logs".into()
            }
        }
    }
}
