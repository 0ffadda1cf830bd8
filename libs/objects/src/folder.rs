//! A folder as a blob store: for a laptop, for tests, and for one machine with a disk of its own.
//!
//! An object is a file at the path of its key, so people can look at it, and a file that somebody copies there is an
//! object (it has no attributes then). Beside the objects lies `.ondol/`:
//! - `new/` holds what is being written. It becomes an object by a single rename, or by a rename that fails if
//!   something is there already; so an object is whole or absent, whoever is killed.
//! - `about/` holds attributes, entity tag and checksum, under the key's hash and the very file's time and size: a file
//!   never meets the attributes of another, without any lock for readers.
//! - `locks/` holds a lock for each of 256 groups of keys. Writers of all processes take it for the moment in which
//!   they compare and rename.
//!
//! What it does not do: keep versions; sign URLs; hold a key and another one below it (`a` and `a/b`), which no file
//! system can; follow symbolic links, which would lead out of it; tell keys apart that differ only in case, where the
//! file system does not.

mod about;
mod layout;
mod list;
mod place;
mod publish;
mod read;
mod sink;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use crate::{
    Deleted, GetOptions, Key, ListOptions, Listed, Object, ObjectInfo, ObjectWriter, Objects, ObjectsError,
    Page, Presigned, PutOptions, Stored, Version, VersionId, writer::Sink,
};

use layout::Layout;
use sink::FileSink;

/// A blob store in a folder. Clones are the same store, and so is the folder opened by another process.
#[derive(Clone, Debug)]
pub struct Folder {
    layout: Arc<Layout>,
}

impl Folder {
    /// Opens the folder, and makes it if it is not there. Removes what processes left in `new/` that were killed more
    /// than a day ago.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, ObjectsError> {
        let layout = Arc::new(Layout::new(path.into()));
        let folder = Self { layout };
        folder.blocking(Layout::prepare).await?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.layout.root()
    }

    /// Runs what may block for as long as a disk does.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Layout) -> Result<T, ObjectsError> + Send + 'static,
    ) -> Result<T, ObjectsError> {
        let layout = Arc::clone(&self.layout);
        let done = spawn_blocking(move || work(&layout)).await;
        done.unwrap_or_else(|error| Err(self.layout.error("work in", self.path(), io::Error::other(error))))
    }

    async fn sink(&self, key: &Key, options: PutOptions) -> Result<FileSink, ObjectsError> {
        options.attributes.check()?;
        let (folder, key) = (self.clone(), key.clone());
        self.blocking(move |_| FileSink::new(folder, key, options)).await
    }
}

const NO_VERSIONS: ObjectsError = ObjectsError::Unsupported { store: "a folder", what: "keep versions" };
const NO_URLS: ObjectsError = ObjectsError::Unsupported { store: "a folder", what: "sign URLs" };

fn refuse(version: Option<&VersionId>) -> Result<(), ObjectsError> {
    version.map_or(Ok(()), |_| Err(NO_VERSIONS))
}

#[async_trait]
impl Objects for Folder {
    async fn put(&self, key: &Key, body: Bytes, options: PutOptions) -> Result<Stored, ObjectsError> {
        let mut sink = self.sink(key, options).await?;
        sink.write(body).await?;
        Box::new(sink).finish().await
    }

    async fn write(&self, key: &Key, options: PutOptions) -> Result<ObjectWriter, ObjectsError> {
        let sink = self.sink(key, options).await?;
        Ok(ObjectWriter::new(key.clone(), Box::new(sink)))
    }

    async fn get(&self, key: &Key, options: GetOptions) -> Result<Object, ObjectsError> {
        refuse(options.version.as_ref())?;
        let key = key.clone();
        self.blocking(move |layout| read::open(layout, key, &options)).await
    }

    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectInfo, ObjectsError> {
        refuse(version)?;
        let key = key.clone();
        self.blocking(move |layout| read::find(layout, &key).map(|found| found.info(key))).await
    }

    async fn list(&self, options: ListOptions) -> Result<Page<Listed>, ObjectsError> {
        self.blocking(move |layout| list::list(layout, &options)).await
    }

    async fn list_versions(&self, _: ListOptions) -> Result<Page<Version>, ObjectsError> {
        Err(NO_VERSIONS)
    }

    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<Deleted, ObjectsError> {
        refuse(version)?;
        let key = key.clone();
        self.blocking(move |layout| publish::remove(layout, &key)).await?;
        Ok(Deleted::default())
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), ObjectsError> {
        let keys = keys.to_vec();
        self.blocking(move |layout| keys.iter().try_for_each(|key| publish::remove(layout, key))).await
    }

    async fn presign_get(&self, _: &Key, _: Duration) -> Result<Presigned, ObjectsError> {
        Err(NO_URLS)
    }

    async fn presign_put(&self, _: &Key, _: Duration, _: PutOptions) -> Result<Presigned, ObjectsError> {
        Err(NO_URLS)
    }

    async fn check(&self) -> Result<(), ObjectsError> {
        self.blocking(|layout| layout.create().map(drop)).await
    }

    /// A dropped writer removes its file at once.
    async fn close(&self) {}
}
