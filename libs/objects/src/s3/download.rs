//! The bytes of an object, across as many connections as it takes.

use std::{ops::Range, sync::Arc};

use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use bytes::Bytes;
use futures::{StreamExt, stream};

use super::{
    Bucket, get,
    trouble::{Answer, GET},
};
use crate::{ByteRange, ETag, Key, ObjectInfo, ObjectsError, VersionId, intact::Body};

/// After so many bytes a connection was worth its while, and the attempts are counted anew.
const PROGRESS: u64 = 8 * 1024 * 1024;

/// A download, of which some bytes have come.
pub(super) struct Download {
    bucket: Arc<Bucket>,
    key: Key,
    /// The content that was opened. Resuming into another one would mix two objects.
    etag: ETag,
    version: Option<VersionId>,
    /// What has not come yet.
    left: Range<u64>,
    body: ByteStream,
    /// Attempts without progress.
    attempt: u32,
    /// Bytes since the connection was made.
    came: u64,
}

impl Download {
    pub(super) fn new(bucket: Arc<Bucket>, info: &ObjectInfo, range: Range<u64>, body: ByteStream) -> Self {
        let (key, etag, version) = (info.key.clone(), info.etag.clone(), info.version.clone());
        Self { bucket, key, etag, version, left: range, body, attempt: 1, came: 0 }
    }

    pub(super) fn into_stream(self) -> Body {
        stream::unfold(Some(self), |state| async move {
            let mut download = state?;
            match download.next().await? {
                Ok(bytes) => Some((Ok(bytes), Some(download))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Result<Bytes, ObjectsError>> {
        loop {
            let error = match self.body.next().await {
                Some(Ok(bytes)) => {
                    self.note(bytes.len() as u64);
                    return Some(Ok(bytes));
                }
                // An end too early is seen by `intact`, but is worth another attempt first.
                None | Some(Err(_)) if self.left.is_empty() => return None,
                None => None,
                Some(Err(error)) => Some(error),
            };
            if let Err(error) = self.resume(error).await {
                return Some(Err(error));
            }
        }
    }

    fn note(&mut self, length: u64) {
        self.left.start = self.left.start.saturating_add(length).min(self.left.end);
        self.came += length;
        if self.came >= PROGRESS {
            self.attempt = 1;
        }
    }

    /// Goes on where the connection was cut, if the object is still the same.
    async fn resume(&mut self, cut: Option<ByteStreamError>) -> Result<(), ObjectsError> {
        let attempts = self.bucket.settings.attempts;
        let (at, attempt) = (self.left.start, self.attempt);
        let reason =
            cut.as_ref().map_or("the connection ended".to_owned(), |error| fault::Chain(error).to_string());
        if attempt >= attempts {
            let source = cut.map_or_else(|| reason.into(), Into::into);
            return Err(ObjectsError::Unavailable { operation: GET.what, attempts, source });
        }
        tracing::warn!(key = %self.key, at, attempt, error = reason, "resuming a download that was cut");
        self.bucket.pause(attempt).await;
        self.attempt += 1;
        self.came = 0;
        let range = ByteRange::Span { first: self.left.start, last: self.left.end - 1 };
        let request = get::request(&self.bucket, &self.key, self.version.as_ref())?;
        let request = request.range(range.to_string()).if_match(self.etag.to_string());
        let replaced = || ObjectsError::Replaced { key: self.key.clone() };
        let output = match get::send(request).await {
            Ok(output) => output,
            Err(error) => {
                let answer = Answer::of(&error);
                // Shorter than before: another object, too.
                let other = answer.is_unmet_condition() || answer.is_missing() || answer.is_out_of_range();
                return Err(if other {
                    replaced()
                } else {
                    self.bucket.explain(GET, Some(&self.key), error)
                });
            }
        };
        // Some kinds of S3 pass over the condition.
        if output.e_tag().and_then(ETag::parse).as_ref() != Some(&self.etag) {
            return Err(replaced());
        }
        self.body = output.body;
        Ok(())
    }
}
