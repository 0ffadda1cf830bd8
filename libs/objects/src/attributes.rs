//! What is known about an object besides its bytes.

use std::{collections::BTreeMap, fmt, time::SystemTime};

use fault::Violation;
use serde::{Deserialize, Serialize};

use crate::{ETag, Key, ObjectsError};

/// S3 takes 2 KiB of names and values; the rest is for what stores note themselves.
const METADATA_BYTES: usize = 1984;
/// More than any content type or cache rule in use.
const HEADER_BYTES: usize = 255;
/// The note by which a writer knows its own object again (see `s3::mark`).
pub(crate) const WRITE_MARK: &str = "ondol-write";

/// What a writer says about an object and readers are told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// The media type, such as `image/png`; `application/octet-stream` is assumed without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How long caches may keep it, such as `public, max-age=86400, immutable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Small notes: names of `a-z`, `0-9` and `-`, values of printable ASCII, 1984 bytes in all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// Only a content type.
    pub fn content_type(content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..Self::default() }
    }

    /// Names everything in them that a store could not keep.
    pub(crate) fn check(&self) -> Result<(), ObjectsError> {
        let headers = [("content_type", &self.content_type), ("cache_control", &self.cache_control)];
        let headers = headers.into_iter().filter_map(|(field, value)| Some((field, value.as_deref()?)));
        let mut violations: Vec<_> = headers
            .filter(|(_, value)| value.is_empty() || value.len() > HEADER_BYTES || !is_printable(value))
            .map(|(field, _)| {
                Violation::new(field, format!("expected 1 to {HEADER_BYTES} printable ASCII characters"))
            })
            .collect();
        let bytes: usize = self.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > METADATA_BYTES {
            let problem = format!("expected at most {METADATA_BYTES} bytes of names and values, got {bytes}");
            violations.push(Violation::new("metadata", problem));
        }
        violations.extend(self.metadata.iter().filter_map(|(name, value)| problem_of_entry(name, value)));
        if violations.is_empty() { Ok(()) } else { Err(ObjectsError::InvalidRequest { violations }) }
    }
}

fn problem_of_entry(name: &str, value: &str) -> Option<Violation> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let problem = if name.is_empty() || !name.bytes().all(is_name) {
        "names have only a-z, 0-9 and -"
    } else if name == WRITE_MARK {
        "this name is used by the store"
    } else if !is_printable(value) || value.trim() != value {
        "values have only printable ASCII, without spaces around"
    } else {
        return None;
    };
    Some(Violation::new(format!("metadata[{name:?}]"), problem))
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// One version of an object in a bucket that keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VersionId(String);

impl VersionId {
    /// A version by the name that the store gave it.
    pub fn new(text: impl Into<String>) -> Result<Self, ObjectsError> {
        let text = text.into();
        let plain =
            !text.is_empty() && text.len() <= 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain {
            Ok(Self(text))
        } else {
            Err(ObjectsError::invalid("version", "expected a version's name"))
        }
    }

    /// The name as the store gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known about an object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Its name.
    pub key: Key,
    /// Bytes of the whole object.
    pub size: u64,
    /// Which content it is.
    pub etag: ETag,
    /// When it was written.
    pub modified: SystemTime,
    /// What its writer said.
    pub attributes: Attributes,
    /// Which version it is, where the store keeps them.
    pub version: Option<VersionId>,
}

/// What is known about an object that was just written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which content it is.
    pub etag: ETag,
    /// Its bytes.
    pub size: u64,
    /// Which version it is, where the store keeps them.
    pub version: Option<VersionId>,
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::{Attributes, VersionId};

    #[test]
    fn what_fits_a_header_passes() {
        let mut attributes = Attributes::content_type("text/plain; charset=utf-8");
        attributes.metadata.insert("trace-id".to_owned(), "4bf9 2f35".to_owned());
        attributes.check().unwrap();
        Attributes::default().check().unwrap();
    }

    #[test]
    fn every_wrong_attribute_is_named() {
        let mut attributes = Attributes::content_type("text/plain\r\nx: y");
        attributes.cache_control = Some(String::new());
        for (name, value) in
            [("Upper", "x"), ("a", "é"), ("b", " x"), ("ondol-write", "x"), ("c", &"x".repeat(2000))]
        {
            attributes.metadata.insert(name.to_owned(), value.to_owned());
        }
        let error = attributes.check().unwrap_err();
        let fields: Vec<_> = error.violations().iter().map(|it| it.field.as_str()).collect();
        let entries =
            [r#"metadata["Upper"]"#, r#"metadata["a"]"#, r#"metadata["b"]"#, r#"metadata["ondol-write"]"#];
        assert_eq!(fields[..3], ["content_type", "cache_control", "metadata"]);
        assert_eq!(fields[3..], entries);
    }

    #[test]
    fn a_version_is_one_word() {
        assert_eq!(VersionId::new("null").unwrap().as_str(), "null");
        assert!(VersionId::new("a b").is_err() && VersionId::new("").is_err());
    }
}
