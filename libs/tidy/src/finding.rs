//! What a rule has to say.

use std::fmt;

/// Whether a finding fails the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Printed only.
    Warning,
    /// Fails the test.
    Failure,
}

/// A place where a rule does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The file's path from the root of the repository.
    pub file: String,
    /// The line, counted from 1; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether it fails the build.
    pub severity: Severity,
}

impl Finding {
    pub(crate) fn new(
        rule: &'static str,
        file: &str,
        line: impl Into<Option<usize>>,
        message: String,
    ) -> Self {
        Self { rule, file: file.to_owned(), line: line.into(), message, severity: Severity::Failure }
    }

    pub(crate) fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, " [{}] {}", self.rule, self.message)
    }
}
