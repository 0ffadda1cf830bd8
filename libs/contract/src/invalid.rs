//! A request that breaks the contract.

use std::borrow::Cow;

use fault::{Fault, Kind, Violation};

/// Names every wrong field of a request at once, so that nobody mends them one by one.
#[derive(Debug, thiserror::Error)]
#[error("the request breaks the contract: {}", self.sentence())]
pub struct Invalid {
    violations: Vec<Violation>,
}

impl Invalid {
    /// One wrong field.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { violations: vec![Violation::new(field, description)] }
    }

    /// All that the checks found; `Ok` when none found anything.
    pub fn all(checks: impl IntoIterator<Item = Result<(), Self>>) -> Result<(), Self> {
        let wrong = checks.into_iter().filter_map(Result::err);
        Self::none_or(wrong.flat_map(|invalid| invalid.violations).collect())
    }

    /// `Ok` when there is nothing to complain about.
    pub fn none_or(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self { violations }) }
    }

    /// The same, of fields that lie within `field` of a larger request.
    #[must_use]
    pub fn within(mut self, field: &str) -> Self {
        for violation in &mut self.violations {
            violation.field = format!("{field}.{}", violation.field);
        }
        self
    }

    fn sentence(&self) -> String {
        self.violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl Fault for Invalid {
    fn kind(&self) -> Kind {
        Kind::InvalidArgument
    }

    fn public_message(&self) -> Cow<'_, str> {
        Cow::Owned(self.sentence())
    }

    fn violations(&self) -> &[Violation] {
        &self.violations
    }
}
