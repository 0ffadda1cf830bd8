//! What tells two contents of one key apart.

use std::fmt;

/// An entity tag, opaque: equal tags of one key mean equal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag(String);

impl ETag {
    /// Reads a tag as it stands in a header: `"abc"`, `W/"abc"`, or bare as some stores write it. `None` for what
    /// could not stand in a header, and for `*`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("W/").unwrap_or(text);
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let plain = tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b',');
        (plain && !tag.is_empty() && tag != "*").then(|| Self(tag.to_owned()))
    }

    /// A tag that this crate made.
    pub(crate) fn new(tag: String) -> Self {
        Self(tag)
    }

    /// The tag without its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As it stands in a header, in quotes.
impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ETag;

    #[test]
    fn every_way_to_write_a_tag_is_read() {
        for text in ["\"abc-2\"", "W/\"abc-2\"", "abc-2", " \"abc-2\" "] {
            assert_eq!(ETag::parse(text).unwrap().to_string(), "\"abc-2\"");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in ["", "\"\"", "*", "\"a\", \"b\"", "a\nb", "é"] {
            assert_eq!(ETag::parse(text), None, "{text:?}");
        }
    }
}
