//! Which jobs a list has, and where its next page starts.

use crate::{Job, JobsError, Name, State};

/// Which jobs to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub tenant: Option<Name>,
    /// In which state.
    pub state: Option<State>,
    /// For which handler.
    pub kind: Option<Name>,
    /// Without those that are the sequels of others.
    pub originals: bool,
}

impl Filter {
    pub(crate) fn takes(&self, job: &Job) -> bool {
        self.tenant.as_ref().is_none_or(|tenant| *tenant == job.tenant)
            && self.state.is_none_or(|state| state == job.state)
            && self.kind.as_ref().is_none_or(|kind| *kind == job.kind)
            && !(self.originals && job.origin.is_some())
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The jobs, without payload and headers.
    pub jobs: Vec<Job>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
}

const LARGEST: u32 = 1_000;

pub(crate) fn check_size(size: u32) -> Result<(), JobsError> {
    if (1..=LARGEST).contains(&size) {
        return Ok(());
    }
    Err(JobsError::invalid("page_size", format!("expected 1 to {LARGEST}, got {size}")))
}

/// Refuses a page token that no list gave out.
pub(crate) fn bad_token() -> JobsError {
    JobsError::invalid("page_token", "expected a token from the previous page, with the same filter")
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    #[test]
    fn a_page_has_a_largest_size() {
        super::check_size(1_000).unwrap();
        for wrong in [0, 1_001] {
            assert_eq!(super::check_size(wrong).unwrap_err().violations()[0].field, "page_size");
        }
    }
}
