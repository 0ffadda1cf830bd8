//! How an object is written, read and found.

use fault::Violation;

use crate::{Attributes, ByteRange, ETag, ObjectsError, VersionId, key::problem_of_prefix};

/// The most entries that a page can have, as in S3.
const LARGEST_PAGE: usize = 1000;

/// When a write is allowed to happen. Decided by the store, together with the write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Whatever is there.
    #[default]
    Always,
    /// Only if nothing is there (`If-None-Match: *`); else [`ObjectsError::AlreadyExists`].
    IfAbsent,
    /// Only if this content is there (`If-Match`); else [`ObjectsError::Conflict`].
    IfMatch(ETag),
}

/// How an object is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// When.
    pub condition: Condition,
    /// What readers are told.
    pub attributes: Attributes,
}

impl PutOptions {
    /// Creates, never replaces.
    pub fn if_absent() -> Self {
        Self { condition: Condition::IfAbsent, ..Self::default() }
    }

    /// Replaces this content only.
    pub fn if_match(etag: ETag) -> Self {
        Self { condition: Condition::IfMatch(etag), ..Self::default() }
    }

    /// With these attributes.
    #[must_use]
    pub fn with(mut self, attributes: Attributes) -> Self {
        self.attributes = attributes;
        self
    }
}

/// What of an object is read, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetOptions {
    /// Which bytes; all without one. [`ObjectsError::RangeNotSatisfiable`] if there are none in it.
    pub range: Option<ByteRange>,
    /// Only this content; else [`ObjectsError::Conflict`].
    pub if_match: Option<ETag>,
    /// Only if it is not this content; else [`ObjectsError::NotModified`].
    pub if_none_match: Option<ETag>,
    /// Which version; the newest without one.
    pub version: Option<VersionId>,
}

impl GetOptions {
    /// Only a range.
    pub fn range(range: ByteRange) -> Self {
        Self { range: Some(range), ..Self::default() }
    }
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOptions {
    /// How the keys begin; any if empty. It may end within a segment.
    pub prefix: String,
    /// Shows one level only: keys that have a further slash behind the prefix are told as one folder each.
    pub by_folder: bool,
    /// The most entries of a page, 1 to 1000; 0 is 1000.
    pub page_size: usize,
    /// Where to go on: `next` of the page before, with all else unchanged.
    pub page_token: Option<String>,
}

impl ListOptions {
    /// All below a prefix.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// The size of a page, once prefix and size are known to be in order.
    pub(crate) fn check(&self) -> Result<usize, ObjectsError> {
        let mut violations: Vec<_> = problem_of_prefix(&self.prefix).into_iter().collect();
        if self.page_size > LARGEST_PAGE {
            let problem = format!("expected at most {LARGEST_PAGE}, got {}", self.page_size);
            violations.push(Violation::new("page_size", problem));
        }
        if !violations.is_empty() {
            return Err(ObjectsError::InvalidRequest { violations });
        }
        Ok(if self.page_size == 0 { LARGEST_PAGE } else { self.page_size })
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;

    use super::ListOptions;

    #[test]
    fn a_page_has_a_limit() {
        let of = |page_size| ListOptions { page_size, ..ListOptions::default() };
        assert_eq!(of(0).check().unwrap(), 1000);
        assert_eq!(of(1000).check().unwrap(), 1000);
        assert_eq!(of(1001).check().unwrap_err().violations()[0].field, "page_size");
    }
}
