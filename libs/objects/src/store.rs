//! The port: what a blob store does.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    GetOptions, Key, ListOptions, Listed, Object, ObjectInfo, ObjectWriter, ObjectsError, Page, PutOptions,
    Stored, Version, VersionId,
};

/// A blob store. Every implementation promises, and the conformance suite holds it to:
///
/// - An object is there whole or not at all: no reader ever sees a part of one, whatever fails while it is written.
/// - What was written is seen by everyone from then on, also in lists.
/// - A condition is decided together with the write: of many who create one key at once, one succeeds.
/// - Bytes are compared with the checksum that came with them; what does not fit is an error, at the latest at the end
///   of the stream.
/// - What can be tried again without harm was tried again, within the bounds of the settings, before an error is told.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Writes an object that is in memory already.
    async fn put(&self, key: &Key, body: Bytes, options: PutOptions) -> Result<Stored, ObjectsError>;

    /// Starts to write an object of any size in bounded memory. Nothing is there before
    /// [`ObjectWriter::finish`], which also decides the condition.
    async fn write(&self, key: &Key, options: PutOptions) -> Result<ObjectWriter, ObjectsError>;

    /// Opens an object, or a range of it, to read it as a stream.
    async fn get(&self, key: &Key, options: GetOptions) -> Result<Object, ObjectsError>;

    /// What is known about an object, without its bytes.
    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectInfo, ObjectsError>;

    /// One page of the objects that are there, in the order of their keys' bytes.
    async fn list(&self, options: ListOptions) -> Result<Page<Listed>, ObjectsError>;

    /// One page of all versions and delete markers, by key and then from the newest to the oldest. `by_folder` has no
    /// meaning here. [`ObjectsError::Unsupported`] where the store keeps no versions at all.
    async fn list_versions(&self, options: ListOptions) -> Result<Page<Version>, ObjectsError>;

    /// Deletes an object; one that is not there is deleted already. Where a bucket keeps versions this leaves a delete
    /// marker, and only naming a version removes that version for good.
    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<Deleted, ObjectsError>;

    /// Deletes any number of objects. After an error some are deleted: call again, it is idempotent.
    async fn delete_many(&self, keys: &[Key]) -> Result<(), ObjectsError>;

    /// A URL that lets whoever holds it read one object for a while. At most seven days, and no longer than the
    /// credentials live that sign it.
    async fn presign_get(&self, key: &Key, valid_for: Duration) -> Result<Presigned, ObjectsError>;

    /// A URL that lets whoever holds it write one object for a while, under the condition and with the attributes
    /// given here.
    async fn presign_put(
        &self,
        key: &Key,
        valid_for: Duration,
        options: PutOptions,
    ) -> Result<Presigned, ObjectsError>;

    /// Whether the store can be reached with these settings. For the start of a process and for readiness.
    async fn check(&self) -> Result<(), ObjectsError>;

    /// Waits until what dropped writers left behind is cleaned up. For the end of a process.
    async fn close(&self);
}

/// What a delete did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Whether older versions are still there under a delete marker.
    pub marker: bool,
    /// The version of the marker, or the version that was removed.
    pub version: Option<VersionId>,
}

/// A request that was signed in advance.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// `GET` or `PUT`.
    pub method: &'static str,
    /// The URL; whoever has it has the right, so it is not logged.
    pub url: String,
    /// Headers that the request must carry, exactly so.
    pub headers: Vec<(String, String)>,
    /// When it ends.
    pub expires: SystemTime,
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("Presigned")
            .field("method", &self.method)
            .field("address", &address)
            .finish_non_exhaustive()
    }
}
