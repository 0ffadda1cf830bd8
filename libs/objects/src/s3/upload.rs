//! An object written in bounded memory.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};

use super::{Bucket, get::etag, mark::Mark, part::Upload, put};
use crate::{Key, ObjectsError, PutOptions, Stored, VersionId, checksum::Running, writer::Sink};

/// Gathers bytes until they are a part. What never becomes more than one part is written by one request.
///
/// It holds at most the part that it gathers and `parts_in_flight` that are being sent.
pub(super) struct PartSink {
    bucket: Arc<Bucket>,
    key: Key,
    options: PutOptions,
    mark: Mark,
    gathered: BytesMut,
    upload: Option<Upload>,
    size: u64,
    checksum: Running,
}

impl PartSink {
    pub(super) fn new(bucket: Arc<Bucket>, key: Key, options: PutOptions) -> Self {
        let (mark, checksum) = (Mark::new(), Running::new());
        Self { bucket, key, options, mark, gathered: BytesMut::new(), upload: None, size: 0, checksum }
    }

    async fn send(&mut self, part: Bytes) -> Result<(), ObjectsError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload::begin(&self.bucket, &self.key, &self.options, &self.mark).await?),
        };
        if upload.parts() == self.bucket.settings.most_parts {
            let limit = self.bucket.settings.largest();
            return Err(ObjectsError::TooLarge { key: self.key.clone(), limit });
        }
        upload.send(part, self.bucket.settings.parts_in_flight).await
    }

    /// Room for more bytes, doubling as it fills, but never beyond a part: small objects take little memory, and large
    /// ones what was promised.
    fn make_room(&mut self, more: usize) {
        let (has, needs) = (self.gathered.capacity(), self.gathered.len() + more);
        if needs > has {
            let wanted = needs.max(2 * has).min(self.bucket.settings.part_size);
            self.gathered.reserve(wanted - self.gathered.len());
        }
    }

    async fn complete(&mut self, mut upload: Upload) -> Result<Stored, ObjectsError> {
        upload.join_all().await?;
        let checksum = std::mem::replace(&mut self.checksum, Running::new()).finish();
        let condition = &self.options.condition;
        let (answer, error) = match upload.complete(condition, (self.size, &checksum)).await {
            Ok(output) => {
                let version = output.version_id().and_then(|id| VersionId::new(id).ok());
                return Ok(Stored { etag: etag(&self.key, output.e_tag())?, size: self.size, version });
            }
            Err((None, error)) => return Err(error),
            Err((Some(answer), error)) => (answer, error),
        };
        if let Ok(Some(stored)) = self.bucket.find_own(&self.key, &self.mark).await {
            upload.forget();
            return Ok(stored);
        }
        upload.abort().await;
        Err(put::refusal(&self.key, condition, &answer, error))
    }
}

#[async_trait]
impl Sink for PartSink {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), ObjectsError> {
        self.size += bytes.len() as u64;
        self.checksum.update(&bytes);
        let part_size = self.bucket.settings.part_size;
        while self.gathered.len() + bytes.len() > part_size {
            let missing = part_size - self.gathered.len();
            let part = if self.gathered.is_empty() {
                bytes.split_to(missing)
            } else {
                self.make_room(missing);
                self.gathered.extend_from_slice(&bytes.split_to(missing));
                self.gathered.split().freeze()
            };
            self.send(part).await?;
        }
        self.make_room(bytes.len());
        self.gathered.extend_from_slice(&bytes);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Stored, ObjectsError> {
        let rest = self.gathered.split().freeze();
        if self.upload.is_none() {
            return put::put(&self.bucket, &self.key, rest, &self.options).await;
        }
        self.send(rest).await?;
        match self.upload.take() {
            Some(upload) => self.complete(upload).await,
            None => Err(ObjectsError::WriterFailed { key: self.key.clone() }),
        }
    }

    async fn abort(mut self: Box<Self>) {
        if let Some(mut upload) = self.upload.take() {
            upload.abort().await;
        }
    }
}
