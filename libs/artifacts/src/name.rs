//! The name of an artifact.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ArtifactsError;

const LONGEST: usize = 128;

/// The name of something that a job made: 1 to 128 ASCII letters, digits, `.`, `_` or `-`, and no dot at the start. It
/// stands in keys and in URLs as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactName(String);

impl ArtifactName {
    /// A name of this text.
    pub fn new(text: impl Into<String>) -> Result<Self, ArtifactsError> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let well = (1..=LONGEST).contains(&text.len()) && !text.starts_with('.') && text.chars().all(allowed);
        if well {
            return Ok(Self(text));
        }
        let rule = "expected 1 to 128 letters, digits, `.`, `_` or `-`, not beginning with a dot";
        Err(ArtifactsError::invalid("artifact", rule))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ArtifactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ArtifactName {
    type Error = ArtifactsError;

    fn try_from(text: String) -> Result<Self, ArtifactsError> {
        Self::new(text)
    }
}

impl From<ArtifactName> for String {
    fn from(name: ArtifactName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::ArtifactName;

    #[test]
    fn names_stand_in_urls_as_they_are() {
        for name in ["text.txt", "output.jsonl", "A-1_b", &"x".repeat(128)] {
            assert_eq!(ArtifactName::new(name).unwrap().as_str(), name);
        }
        for name in ["", ".", "..", ".hidden", "a/b", "a b", "é", "a%2fb", "a\0", &"x".repeat(129)] {
            assert_eq!(ArtifactName::new(name).unwrap_err().violations()[0].field, "artifact", "{name:?}");
        }
    }
}
