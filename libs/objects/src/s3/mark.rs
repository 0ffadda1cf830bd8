//! Did our write happen?
//!
//! A write can succeed and its answer be lost. Tried again under a condition, it then meets its own object and is told
//! that the condition no longer holds. So a conditional write, and every upload in parts, puts a mark of its own into
//! the object's metadata, by which its writer knows it again.

use std::collections::HashMap;

use super::{Bucket, get};
use crate::{Attributes, Key, ObjectsError, Stored, VersionId, attributes::WRITE_MARK};

/// Names one write among all others.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn new() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The metadata of an object, with the mark.
    pub(super) fn on(&self, attributes: &Attributes) -> HashMap<String, String> {
        let mut metadata: HashMap<_, _> = attributes.metadata.clone().into_iter().collect();
        metadata.insert(WRITE_MARK.to_owned(), self.0.clone());
        metadata
    }
}

impl Bucket {
    /// The object of this key if it is this very write that made it.
    pub(super) async fn find_own(&self, key: &Key, mark: &Mark) -> Result<Option<Stored>, ObjectsError> {
        let output = match get::head_output(self, key, None::<&VersionId>).await {
            Ok(output) => output,
            Err(ObjectsError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_ours = output.metadata().and_then(|it| it.get(WRITE_MARK)) == Some(&mark.0);
        if !is_ours {
            return Ok(None);
        }
        let info = get::info(key, &(&output).into())?;
        Ok(Some(Stored { etag: info.etag, size: info.size, version: info.version }))
    }
}
