//! An upload in parts, which is ended one way or the other.

use std::sync::Arc;

use aws_sdk_s3::{
    operation::complete_multipart_upload::CompleteMultipartUploadOutput,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_types::base64;
use bytes::Bytes;
use tokio::{runtime::Handle, sync::oneshot, task::JoinSet};

use super::{
    Bucket,
    mark::Mark,
    trouble::{Answer, PUT},
};
use crate::{Condition, Key, ObjectsError, PutOptions, checksum::Running};

/// An upload that has begun. Dropping it ends the parts that are under way and tells S3 to forget the others.
#[derive(Debug)]
pub(super) struct Upload {
    begun: Option<Begun>,
    sending: JoinSet<Result<CompletedPart, ObjectsError>>,
    sent: Vec<CompletedPart>,
    next: i32,
    /// Drops may happen where no runtime is.
    runtime: Handle,
}

#[derive(Clone, Debug)]
struct Begun {
    bucket: Arc<Bucket>,
    key: Key,
    id: String,
}

impl Upload {
    /// Begins an upload. In a task of its own, so that an upload whose beginner goes away is not left behind.
    pub(super) async fn begin(
        bucket: &Arc<Bucket>,
        key: &Key,
        options: &PutOptions,
        mark: &Mark,
    ) -> Result<Self, ObjectsError> {
        let request = bucket
            .client
            .create_multipart_upload()
            .bucket(bucket.name())
            .key(bucket.full_key(key)?)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .set_content_type(options.attributes.content_type.clone())
            .set_cache_control(options.attributes.cache_control.clone())
            .set_metadata(Some(mark.on(&options.attributes)));
        let (tell, told) = oneshot::channel();
        let (bucket, key, runtime) = (Arc::clone(bucket), key.clone(), Handle::current());
        let tasks = bucket.tasks.clone();
        tasks.spawn(async move {
            let begun = match request.send().await {
                Ok(output) => Ok(Begun { bucket, key, id: output.upload_id.unwrap_or_default() }),
                Err(error) => Err(bucket.explain(PUT, Some(&key), error)),
            };
            let upload = begun.map(|begun| Self {
                begun: Some(begun),
                sending: JoinSet::new(),
                sent: Vec::new(),
                next: 1,
                runtime,
            });
            // If nobody waits any more, this drops the upload.
            drop(tell.send(upload));
        });
        told.await.unwrap_or_else(|_| Err(unfinished("the task that begins an upload was ended")))
    }

    /// Parts that S3 was given so far.
    pub(super) fn parts(&self) -> usize {
        self.next as usize - 1
    }

    /// Sends a part, once fewer than `limit` are under way.
    pub(super) async fn send(&mut self, body: Bytes, limit: usize) -> Result<(), ObjectsError> {
        while self.sending.len() >= limit {
            self.join().await?;
        }
        let Some(begun) = self.begun.clone() else { return Err(unfinished("the upload has ended")) };
        let number = self.next;
        self.next += 1;
        self.sending.spawn(async move { begun.send(number, body).await });
        Ok(())
    }

    /// Waits until all parts are there.
    pub(super) async fn join_all(&mut self) -> Result<(), ObjectsError> {
        while !self.sending.is_empty() {
            self.join().await?;
        }
        self.sent.sort_unstable_by_key(CompletedPart::part_number);
        Ok(())
    }

    async fn join(&mut self) -> Result<(), ObjectsError> {
        match self.sending.join_next().await {
            Some(Ok(part)) => self.sent.push(part?),
            Some(Err(error)) => return Err(unfinished(error)),
            None => {}
        }
        Ok(())
    }

    /// Makes the parts one object, or says what was answered and what that means.
    pub(super) async fn complete(
        &mut self,
        condition: &Condition,
        (size, crc64nvme): (u64, &Bytes),
    ) -> Result<CompleteMultipartUploadOutput, (Option<Answer>, ObjectsError)> {
        let Some(begun) = &self.begun else { return Err((None, unfinished("the upload has ended"))) };
        let bucket = &begun.bucket;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.sent.clone())).build();
        let request = bucket
            .client
            .complete_multipart_upload()
            .bucket(bucket.name())
            .key(bucket.full_key(&begun.key).map_err(|error| (None, error))?)
            .upload_id(&begun.id)
            .multipart_upload(parts)
            .checksum_type(ChecksumType::FullObject)
            .checksum_crc64_nvme(base64::encode(crc64nvme))
            .mpu_object_size(size as i64);
        let request = match condition {
            Condition::Always => request,
            Condition::IfAbsent => request.if_none_match("*"),
            Condition::IfMatch(etag) => request.if_match(etag.to_string()),
        };
        match request.send().await {
            Ok(output) => {
                self.forget();
                Ok(output)
            }
            Err(error) => Err((Some(Answer::of(&error)), bucket.explain(PUT, Some(&begun.key), error))),
        }
    }

    /// The upload is an object now; nothing is left to end.
    pub(super) fn forget(&mut self) {
        self.begun = None;
    }

    /// Gives the upload up, and waits for that.
    pub(super) async fn abort(&mut self) {
        if let Some(begun) = self.begun.clone() {
            begun.end(std::mem::take(&mut self.sending)).await;
            self.begun = None;
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            let sending = std::mem::take(&mut self.sending);
            let tasks = begun.bucket.tasks.clone();
            tasks.spawn_on(async move { begun.end(sending).await }, &self.runtime);
        }
    }
}

impl Begun {
    async fn send(self, number: i32, body: Bytes) -> Result<CompletedPart, ObjectsError> {
        let request = self
            .bucket
            .client
            .upload_part()
            .bucket(self.bucket.name())
            .key(self.bucket.full_key(&self.key)?)
            .upload_id(&self.id)
            .part_number(number)
            .checksum_crc64_nvme(Running::base64_of(&body))
            .body(ByteStream::from(body));
        let sent = request.send().await;
        let output = sent.map_err(|error| self.bucket.explain(PUT, Some(&self.key), error))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(output.e_tag);
        Ok(part.set_checksum_crc64_nvme(output.checksum_crc64_nvme).build())
    }

    /// Parts still under way could outlive the upload, so these end first.
    async fn end(self, mut sending: JoinSet<Result<CompletedPart, ObjectsError>>) {
        sending.shutdown().await;
        let Ok(full_key) = self.bucket.full_key(&self.key) else { return };
        let request = self.bucket.client.abort_multipart_upload().bucket(self.bucket.name()).key(full_key);
        if let Err(error) = request.upload_id(&self.id).send().await {
            let error = self.bucket.explain(PUT, Some(&self.key), error);
            // Gone already, which is what was wanted.
            if !matches!(error, ObjectsError::NotFound { .. }) {
                let error = fault::Chain(&error).to_string();
                tracing::warn!(key = %self.key, error, "an upload that was given up is left behind in the bucket");
            }
        }
    }
}

fn unfinished(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ObjectsError {
    ObjectsError::Unavailable { operation: PUT.what, attempts: 1, source: source.into() }
}
