//! Objects written by one request.

use aws_sdk_s3::{
    error::SdkError,
    operation::put_object::{PutObjectOutput, builders::PutObjectFluentBuilder},
    primitives::ByteStream,
};
use bytes::Bytes;

use super::{
    Bucket,
    get::etag,
    mark::Mark,
    trouble::{Answer, PUT},
};
use crate::{Condition, Key, ObjectsError, PutOptions, Stored, VersionId, checksum::Running};

/// Writes the whole object at once.
pub(super) async fn put(
    bucket: &Bucket,
    key: &Key,
    body: Bytes,
    options: &PutOptions,
) -> Result<Stored, ObjectsError> {
    let (mark, size) = (Mark::new(), body.len() as u64);
    let checksum = Running::base64_of(&body);
    let mut attempt = 1;
    loop {
        let request = request(bucket, key, options, &mark)?.checksum_crc64_nvme(&checksum);
        let error = match request.body(ByteStream::from(body.clone())).send().await {
            Ok(output) => return stored(key, size, &output),
            Err(error) => error,
        };
        let answer = Answer::of(&error);
        if answer.is_conflict() && attempt < bucket.settings.attempts {
            bucket.pause(attempt).await;
            attempt += 1;
            continue;
        }
        if options.condition == Condition::Always {
            return Err(bucket.explain(PUT, Some(key), error));
        }
        let lost = !matches!(error, SdkError::ConstructionFailure(_));
        return match bucket.find_own(key, &mark).await {
            Ok(Some(stored)) if lost => Ok(stored),
            // That nothing is known about it is no news beside why it failed.
            _ => Err(refusal(key, &options.condition, &answer, bucket.explain(PUT, Some(key), error))),
        };
    }
}

/// The request without its body.
pub(super) fn request(
    bucket: &Bucket,
    key: &Key,
    options: &PutOptions,
    mark: &Mark,
) -> Result<PutObjectFluentBuilder, ObjectsError> {
    let attributes = &options.attributes;
    let request = bucket
        .client
        .put_object()
        .bucket(bucket.name())
        .key(bucket.full_key(key)?)
        .set_content_type(attributes.content_type.clone())
        .set_cache_control(attributes.cache_control.clone());
    Ok(match &options.condition {
        Condition::Always => request.set_metadata(Some(attributes.metadata.clone().into_iter().collect())),
        Condition::IfAbsent => request.set_metadata(Some(mark.on(attributes))).if_none_match("*"),
        Condition::IfMatch(etag) => {
            request.set_metadata(Some(mark.on(attributes))).if_match(etag.to_string())
        }
    })
}

/// What it means that a conditional write failed.
pub(super) fn refusal(
    key: &Key,
    condition: &Condition,
    answer: &Answer,
    otherwise: ObjectsError,
) -> ObjectsError {
    let key = key.clone();
    match condition {
        Condition::IfAbsent if answer.is_unmet_condition() => ObjectsError::AlreadyExists { key },
        // There is nothing that could be the content that was asked for.
        Condition::IfMatch(_) if answer.code == "NoSuchKey" => ObjectsError::Conflict { key },
        _ => otherwise,
    }
}

fn stored(key: &Key, size: u64, output: &PutObjectOutput) -> Result<Stored, ObjectsError> {
    let version = output.version_id().and_then(|id| VersionId::new(id).ok());
    Ok(Stored { etag: etag(key, output.e_tag())?, size, version })
}

impl Bucket {
    /// Waits before another attempt, longer each time.
    pub(super) async fn pause(&self, attempt: u32) {
        let doubled = self.settings.backoff.saturating_mul(1 << (attempt - 1).min(4));
        tokio::time::sleep(doubled.mul_f64(fastrand::f64())).await;
    }
}
