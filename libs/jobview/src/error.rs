//! What can go wrong when a message is written.

use std::borrow::Cow;

use fault::{Fault, Kind};

/// Why a message cannot be written as JSON. All of them are faults of ours.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobviewError {
    /// The contract that this program was built with cannot be read, or has no such message.
    #[error("the contract of this program has no readable {name}")]
    Contract {
        /// The message.
        name: String,
    },
    /// The message does not fit its own description.
    #[error("a message does not fit the contract")]
    Message(#[from] prost::DecodeError),
    /// It cannot be written.
    #[error("a message cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

impl Fault for JobviewError {
    fn kind(&self) -> Kind {
        Kind::Internal
    }

    fn public_message(&self) -> Cow<'_, str> {
        "an answer cannot be written as JSON".into()
    }
}
