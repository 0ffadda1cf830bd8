//! One quota that leaves no room for a request.

/// Names what is counted and says what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What is counted, for programs, such as `key:3f9a` or `model:qwen`.
    pub subject: String,
    /// How much it may have and what is left, as a sentence.
    pub description: String,
}

impl Quota {
    /// A quota of `subject`.
    pub fn new(subject: impl Into<String>, description: impl Into<String>) -> Self {
        Self { subject: subject.into(), description: description.into() }
    }
}
