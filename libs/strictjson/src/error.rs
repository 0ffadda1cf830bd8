//! What can be wrong with JSON.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};

/// Why bytes are not taken for JSON.
#[derive(Debug, thiserror::Error)]
pub enum StrictJsonError {
    /// They are none, or nested too deep; line and column are told.
    #[error(transparent)]
    Malformed(serde_json::Error),
    /// An object gives a name twice.
    #[error("{:?} is given twice at line {line} column {column}", violation.field)]
    Twice {
        /// Where the name stands, such as `messages[1].content`.
        violation: Violation,
        /// The line of the second one, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
}

impl Fault for StrictJsonError {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn reason(&self) -> &'static str {
        "MALFORMED_JSON"
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Malformed(_) => &[],
            Self::Twice { violation, .. } => std::slice::from_ref(violation),
        }
    }
}
