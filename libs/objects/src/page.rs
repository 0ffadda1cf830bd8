//! What lists are made of.

use std::time::SystemTime;

use crate::{ETag, Key, VersionId};

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries in the order of their keys' bytes. A page may have few or none and still have a next one.
    pub items: Vec<T>,
    /// With `by_folder`, the beginnings that stand for all keys with them, each ending in a slash.
    pub folders: Vec<String>,
    /// The token of the next page, to be understood by the same store only; `None` at the end.
    pub next: Option<String>,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub key: Key,
    /// Its bytes.
    pub size: u64,
    /// Which content it is, if the store tells it in lists.
    pub etag: Option<ETag>,
    /// When it was written.
    pub modified: SystemTime,
}

/// A version in a list of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The object's name.
    pub key: Key,
    /// Which version.
    pub id: VersionId,
    /// Whether it is what readers get who name no version.
    pub is_latest: bool,
    /// Whether it is a delete marker: from then on the object was not there.
    pub is_delete_marker: bool,
    /// Its bytes; 0 for a marker.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}
