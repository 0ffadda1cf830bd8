//! Words that may stand in a key.

use std::{fmt, sync::Arc};

use crate::JobsError;

const LONGEST: usize = 128;

/// The name of a queue, kind, tenant, worker or schedule: 1 to 128 letters, digits and `-` `_` `.` `:` `@` `/`.
///
/// A clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// Checks a name; `field` is what an error calls it.
    pub fn new(field: &str, text: &str) -> Result<Self, JobsError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@/".contains(c);
        if text.is_empty() || text.len() > LONGEST {
            let expected =
                format!("expected 1 to {LONGEST} letters, digits and -_.:@/, got {} bytes", text.len());
            return Err(JobsError::invalid(field, expected));
        }
        match text.chars().find(|c| !allowed(*c)) {
            Some(wrong) => {
                Err(JobsError::invalid(field, format!("expected letters, digits and -_.:@/, got {wrong:?}")))
            }
            None => Ok(Self(text.into())),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::Name;

    #[test]
    fn a_wrong_name_is_named_by_its_field() {
        assert_eq!(Name::new("kind", "generate_text").unwrap().as_str(), "generate_text");
        for wrong in ["", "two words", "{tag}", "é", &"a".repeat(129)] {
            let error = Name::new("tenant", wrong).unwrap_err();
            assert_eq!(error.violations()[0].field, "tenant", "{wrong}");
        }
    }
}
