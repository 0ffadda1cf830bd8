//! Objects read, or only asked about.

use std::{collections::HashMap, ops::Range, sync::Arc, time::SystemTime};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::SdkError,
    operation::{
        get_object::{GetObjectError, GetObjectOutput, builders::GetObjectFluentBuilder},
        head_object::HeadObjectOutput,
    },
    primitives::DateTime,
    types::ChecksumType,
};
use aws_smithy_checksums::http::CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER;
use aws_smithy_types::base64;

use super::{
    Bucket,
    download::Download,
    trouble::{Answer, GET},
};
use crate::{
    Attributes, ETag, GetOptions, Key, Object, ObjectInfo, ObjectsError, VersionId,
    attributes::WRITE_MARK,
    checksum::Expected,
    intact::{Promise, intact},
};

/// Opens an object.
pub(super) async fn get(
    bucket: &Arc<Bucket>,
    key: &Key,
    options: GetOptions,
) -> Result<Object, ObjectsError> {
    let request = request(bucket, key, options.version.as_ref())?
        .set_range(options.range.map(|range| range.to_string()))
        .set_if_match(options.if_match.as_ref().map(ToString::to_string))
        .set_if_none_match(options.if_none_match.as_ref().map(ToString::to_string));
    let output = match send(request).await {
        Ok(output) => output,
        Err(error) => return Err(refusal(bucket, key, &options, error).await),
    };
    let info = info(key, &(&output).into())?;
    // Some kinds of S3 pass over conditions.
    if options.if_match.as_ref().is_some_and(|wanted| *wanted != info.etag) {
        return Err(ObjectsError::Conflict { key: key.clone() });
    }
    if options.if_none_match.as_ref() == Some(&info.etag) {
        return Err(ObjectsError::NotModified { etag: info.etag });
    }
    let range = match (options.range, output.content_range()) {
        (None, _) => 0..info.size,
        (Some(wanted), told) => {
            let wanted = wanted.within(info.size);
            let told = told.and_then(parse_range).map(|(range, _)| range);
            wanted
                .filter(|wanted| told.as_ref() == Some(wanted))
                .ok_or_else(|| damaged(key, "not the range asked for"))?
        }
    };
    let left = range.end - range.start;
    let checksum = if left == info.size { checksum(&output) } else { None };
    let download = Download::new(Arc::clone(bucket), &info, range.clone(), output.body);
    let body = intact(download.into_stream(), Promise { key: key.clone(), left, checksum });
    Ok(Object::new(info, range, body))
}

/// What is known about an object.
pub(super) async fn head(
    bucket: &Bucket,
    key: &Key,
    version: Option<&VersionId>,
) -> Result<ObjectInfo, ObjectsError> {
    let output = head_output(bucket, key, version).await?;
    info(key, &(&output).into())
}

pub(super) async fn head_output(
    bucket: &Bucket,
    key: &Key,
    version: Option<&VersionId>,
) -> Result<HeadObjectOutput, ObjectsError> {
    let request = bucket.client.head_object().bucket(bucket.name()).key(bucket.full_key(key)?);
    let sent = request.set_version_id(version.map(ToString::to_string)).send().await;
    sent.map_err(|error| bucket.explain(GET, Some(key), error))
}

pub(super) fn request(
    bucket: &Bucket,
    key: &Key,
    version: Option<&VersionId>,
) -> Result<GetObjectFluentBuilder, ObjectsError> {
    let request = bucket.client.get_object().bucket(bucket.name()).key(bucket.full_key(key)?);
    Ok(request.set_version_id(version.map(ToString::to_string)))
}

/// Asks for the checksum too, but by a header of our own: asked by its method, the client would compare it itself,
/// which it cannot do across resumed connections.
pub(super) async fn send(
    request: GetObjectFluentBuilder,
) -> Result<GetObjectOutput, SdkError<GetObjectError, HttpResponse>> {
    let request = request.customize().mutate_request(|request| {
        request.headers_mut().insert("x-amz-checksum-mode", "ENABLED");
    });
    request.send().await
}

async fn refusal(
    bucket: &Bucket,
    key: &Key,
    options: &GetOptions,
    error: SdkError<GetObjectError, HttpResponse>,
) -> ObjectsError {
    let answer = Answer::of(&error);
    match &options.if_none_match {
        Some(etag) if answer.is_not_modified() => ObjectsError::NotModified { etag: etag.clone() },
        _ if answer.is_out_of_range() => match head(bucket, key, options.version.as_ref()).await {
            Ok(info) => ObjectsError::RangeNotSatisfiable { size: info.size },
            Err(error) => error,
        },
        _ => bucket.explain(GET, Some(key), error),
    }
}

/// What both kinds of answers say.
pub(super) struct Headers<'a> {
    length: Option<i64>,
    range: Option<&'a str>,
    etag: Option<&'a str>,
    modified: Option<&'a DateTime>,
    version: Option<&'a str>,
    content_type: Option<&'a str>,
    cache_control: Option<&'a str>,
    metadata: Option<&'a HashMap<String, String>>,
}

macro_rules! headers_of {
    ($output:ty, $range:expr) => {
        impl<'a> From<&'a $output> for Headers<'a> {
            fn from(output: &'a $output) -> Self {
                let range: fn(&'a $output) -> Option<&'a str> = $range;
                Self {
                    length: output.content_length(),
                    range: range(output),
                    etag: output.e_tag(),
                    modified: output.last_modified(),
                    version: output.version_id(),
                    content_type: output.content_type(),
                    cache_control: output.cache_control(),
                    metadata: output.metadata(),
                }
            }
        }
    };
}

headers_of!(GetObjectOutput, |output| output.content_range());
headers_of!(HeadObjectOutput, |_| None);

pub(super) fn info(key: &Key, headers: &Headers<'_>) -> Result<ObjectInfo, ObjectsError> {
    let whole = headers.range.and_then(parse_range).map(|(_, size)| size);
    let size = whole.or(headers.length.and_then(|length| u64::try_from(length).ok()));
    let metadata = headers.metadata.into_iter().flatten().filter(|(name, _)| *name != WRITE_MARK);
    Ok(ObjectInfo {
        key: key.clone(),
        size: size.ok_or_else(|| damaged(key, "the store told no length"))?,
        etag: etag(key, headers.etag)?,
        modified: time(headers.modified),
        attributes: Attributes {
            content_type: headers.content_type.map(str::to_owned),
            cache_control: headers.cache_control.map(str::to_owned),
            metadata: metadata.map(|(name, value)| (name.clone(), value.clone())).collect(),
        },
        version: headers.version.and_then(|id| VersionId::new(id).ok()),
    })
}

pub(super) fn etag(key: &Key, told: Option<&str>) -> Result<ETag, ObjectsError> {
    told.and_then(ETag::parse).ok_or_else(|| damaged(key, "the store told no entity tag"))
}

pub(super) fn time(told: Option<&DateTime>) -> SystemTime {
    told.and_then(|time| SystemTime::try_from(*time).ok()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The checksum of the whole object, by whatever algorithm its writer chose; none if it is one of parts.
fn checksum(output: &GetObjectOutput) -> Option<Expected> {
    if output.checksum_type() == Some(&ChecksumType::Composite) {
        return None;
    }
    CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER.into_iter().find_map(|algorithm| {
        let told = match algorithm {
            "crc64nvme" => output.checksum_crc64_nvme(),
            "crc32c" => output.checksum_crc32_c(),
            "crc32" => output.checksum_crc32(),
            "sha1" => output.checksum_sha1(),
            "sha256" => output.checksum_sha256(),
            _ => None,
        };
        // A checksum of parts has their number behind it, also where no type is told.
        let value = base64::decode(told?).ok()?;
        Expected::named(algorithm, value.into())
    })
}

/// `bytes 0-99/1000` as offsets and the size of the whole.
fn parse_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    Some((first..last.checked_add(1)?, size.parse().ok()?))
}

fn damaged(key: &Key, problem: &str) -> ObjectsError {
    ObjectsError::Damaged { key: key.clone(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn the_range_of_an_answer_is_read() {
        assert_eq!(parse_range("bytes 0-99/1000"), Some((0..100, 1000)));
        for text in ["bytes */1000", "bytes 0-99/*", "0-99/1000", "bytes 0-18446744073709551615/1"] {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }
}
