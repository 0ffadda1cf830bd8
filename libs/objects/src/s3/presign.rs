//! Requests signed in advance.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use super::{Bucket, trouble};
use crate::{Condition, Key, ObjectsError, Presigned, PutOptions};

/// No signature is valid longer.
const LONGEST: Duration = Duration::from_hours(7 * 24);

pub(super) async fn get(bucket: &Bucket, key: &Key, valid_for: Duration) -> Result<Presigned, ObjectsError> {
    let (config, expires) = config(valid_for)?;
    let request = bucket.client.get_object().bucket(bucket.name()).key(bucket.full_key(key)?);
    let signed = request.presigned(config).await;
    let signed = signed.map_err(|error| bucket.explain(trouble::GET, Some(key), error))?;
    Ok(presigned("GET", &signed, expires))
}

pub(super) async fn put(
    bucket: &Bucket,
    key: &Key,
    valid_for: Duration,
    options: &PutOptions,
) -> Result<Presigned, ObjectsError> {
    let (config, expires) = config(valid_for)?;
    let attributes = options.attributes.clone();
    let request = bucket
        .client
        .put_object()
        .bucket(bucket.name())
        .key(bucket.full_key(key)?)
        .set_content_type(attributes.content_type)
        .set_cache_control(attributes.cache_control)
        .set_metadata(Some(attributes.metadata.into_iter().collect()));
    let request = match &options.condition {
        Condition::Always => request,
        Condition::IfAbsent => request.if_none_match("*"),
        Condition::IfMatch(etag) => request.if_match(etag.to_string()),
    };
    let signed = request.presigned(config).await;
    let signed = signed.map_err(|error| bucket.explain(trouble::PUT, Some(key), error))?;
    Ok(presigned("PUT", &signed, expires))
}

fn config(valid_for: Duration) -> Result<(PresigningConfig, SystemTime), ObjectsError> {
    let wrong = || ObjectsError::invalid("valid_for", "expected one second to seven days");
    if valid_for < Duration::from_secs(1) || valid_for > LONGEST {
        return Err(wrong());
    }
    let config = PresigningConfig::expires_in(valid_for).map_err(|_| wrong())?;
    Ok((config, SystemTime::now() + valid_for))
}

fn presigned(method: &'static str, signed: &PresignedRequest, expires: SystemTime) -> Presigned {
    let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Presigned { method, url: signed.uri().to_owned(), headers: headers.collect(), expires }
}
