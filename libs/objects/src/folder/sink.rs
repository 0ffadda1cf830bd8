//! A file being written.

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempPath;
use tokio::{
    fs::File,
    io::{AsyncWriteExt, BufWriter},
};

use super::{Folder, about::About, publish::publish};
use crate::{ETag, Key, ObjectsError, PutOptions, Stored, checksum::Running, writer::Sink};

/// Small writes are gathered up to this size.
const BUFFER: usize = 128 * 1024;

/// A file in `new/`, which its path removes when it is dropped.
pub(super) struct FileSink {
    folder: Folder,
    key: Key,
    options: PutOptions,
    file: BufWriter<File>,
    path: TempPath,
    size: u64,
    checksum: Running,
}

impl FileSink {
    pub(super) fn new(folder: Folder, key: Key, options: PutOptions) -> Result<Self, ObjectsError> {
        // A key that has no place is refused before its bytes come.
        folder.layout.body(&key)?;
        let (file, path) = folder.layout.create()?.into_parts();
        let file = BufWriter::with_capacity(BUFFER, File::from_std(file));
        Ok(Self { folder, key, options, file, path, size: 0, checksum: Running::new() })
    }
}

#[async_trait]
impl Sink for FileSink {
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectsError> {
        self.size += bytes.len() as u64;
        self.checksum.update(&bytes);
        let written = self.file.write_all(&bytes).await;
        written.map_err(|error| self.folder.layout.error("write", &self.path, error))
    }

    async fn finish(mut self: Box<Self>) -> Result<Stored, ObjectsError> {
        let failed = |error| self.folder.layout.error("write", &self.path, error);
        self.file.flush().await.map_err(failed)?;
        let file = self.file.into_inner();
        file.sync_all().await.map_err(failed)?;
        let file = file.into_std().await;
        let about = About::new(&self.key, &self.checksum.finish(), self.options.attributes);
        let etag = ETag::new(about.etag.clone());
        let (key, path, condition) = (self.key, self.path, self.options.condition);
        let work = move |layout: &_| publish(layout, &key, (&file, path), &about, &condition);
        self.folder.blocking(work).await?;
        Ok(Stored { etag, size: self.size, version: None })
    }

    async fn abort(self: Box<Self>) {}
}
