//! Wrong usage that shows itself only once the arguments are looked at together with what they are about.

use std::{error::Error, fmt};

/// An error for which the process ends with exit code 2, as for arguments that cannot be parsed: nothing was done, and the same
/// command would fail again.
#[derive(Debug)]
pub(crate) struct Misuse(anyhow::Error);

impl Misuse {
    /// Says of an error that it is one.
    pub(crate) fn of(error: anyhow::Error) -> anyhow::Error {
        Self(error).into()
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl Error for Misuse {}
