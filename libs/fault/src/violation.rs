//! One wrong field of a request.

use std::fmt;

/// Names a field and says what was expected of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field as the caller wrote it, such as `sampling.temperature` or `messages[2].role`.
    pub field: String,
    /// What was expected and what came, as a sentence without the field's name.
    pub description: String,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}
