//! The name of an object.

use std::{fmt, str::FromStr};

use fault::Violation;

use crate::ObjectsError;

/// The longest key in bytes, as in S3.
const LONGEST: usize = 1024;

/// The name of an object: segments between slashes, such as `generated/<job>/<fence>/image.png`.
///
/// 1 to 1024 bytes of UTF-8 without control characters; no segment is empty, `.` or `..`, so that a key can never lead
/// out of its prefix or folder, and one name never means two objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// A key of this text; [`ObjectsError::InvalidRequest`] says what is wrong with it.
    pub fn new(text: impl Into<String>) -> Result<Self, ObjectsError> {
        let text = text.into();
        let problem = problem_of_length(&text)
            .or_else(|| problem_of_text(&text))
            .or_else(|| text.split('/').find_map(problem_of_segment));
        match problem {
            Some(problem) => Err(ObjectsError::invalid("key", problem)),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with the beginning of keys, if anything: like a key, but it may be empty or end anywhere.
pub(crate) fn problem_of_prefix(prefix: &str) -> Option<Violation> {
    let mut whole = prefix.split('/').collect::<Vec<_>>();
    // What stands behind the last slash is only the beginning of a segment.
    whole.pop();
    let problem = (prefix.len() > LONGEST)
        .then(|| format!("expected at most {LONGEST} bytes, got {}", prefix.len()))
        .or_else(|| problem_of_text(prefix))
        .or_else(|| whole.into_iter().find_map(problem_of_segment));
    problem.map(|problem| Violation::new("prefix", problem))
}

fn problem_of_length(text: &str) -> Option<String> {
    (text.is_empty() || text.len() > LONGEST)
        .then(|| format!("expected 1 to {LONGEST} bytes, got {}", text.len()))
}

fn problem_of_text(text: &str) -> Option<String> {
    // NUL ends paths early; the others cannot be told in S3's XML and break logs.
    let found = text.char_indices().find(|(_, it)| it.is_control());
    found.map(|(index, it)| format!("has the control character {it:?} at byte {index}"))
}

fn problem_of_segment(segment: &str) -> Option<String> {
    match segment {
        "" => Some("must not begin or end with a slash or have two in a row".to_owned()),
        "." | ".." => Some(format!("must not have the segment `{segment}`")),
        _ => None,
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Key {
    type Err = ObjectsError;

    fn from_str(text: &str) -> Result<Self, ObjectsError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use fault::{Fault, Kind};

    use super::{Key, problem_of_prefix};

    #[test]
    fn ordinary_keys_are_taken_as_they_are() {
        for text in ["a", "generated/7/1/out.jsonl", "한글/ø.txt", "...", "a..b/.c", &"k".repeat(1024)] {
            assert_eq!(Key::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_leads_elsewhere_or_means_two_things_is_refused() {
        let long = "k".repeat(1025);
        for text in [
            "", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "./a", "a\0b", "a\nb",
            "a\u{7f}", &long,
        ] {
            let error = Key::new(text).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidArgument, "{text:?}");
            assert_eq!(error.violations()[0].field, "key");
        }
    }

    #[test]
    fn a_prefix_may_end_anywhere_but_not_lead_elsewhere() {
        for text in ["", "a", "a/", "a/b", "a/."] {
            assert_eq!(problem_of_prefix(text), None, "{text:?}");
        }
        for text in ["/", "/a", "../", "a/../b", "a//", "\0"] {
            assert!(problem_of_prefix(text).is_some(), "{text:?}");
        }
    }
}
