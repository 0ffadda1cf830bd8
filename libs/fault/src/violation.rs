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

/// Bytes of a path that are told: what callers send can be nested very deep, and its names can be very long.
const LONGEST_FIELD: usize = 256;
/// Bytes of a description that are told.
const LONGEST_DESCRIPTION: usize = 1024;

impl Violation {
    /// A violation of `field`. Of what is too long for a message, the beginning is kept.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            field: beginning(field.into(), LONGEST_FIELD),
            description: beginning(description.into(), LONGEST_DESCRIPTION),
        }
    }
}

fn beginning(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
    text
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::Violation;

    #[test]
    fn however_deep_a_field_is_there_is_an_end_to_what_is_told_of_it() {
        let told = Violation::new(format!("arguments{}", ".ä".repeat(2000)), "é".repeat(5000));
        assert!(told.field.starts_with("arguments.ä.") && told.field.ends_with('…'));
        assert!(told.to_string().len() < 1300, "{}", told.to_string().len());
        let short = Violation::new("arguments.query", "must be text");
        assert_eq!(short.to_string(), "arguments.query: must be text");
    }
}
