//! What was in the bucket.

use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};

use super::{
    Bucket,
    get::time,
    list::wrong_token,
    trouble::{Answer, VERSIONS},
};
use crate::{ListOptions, ObjectsError, Page, Version, VersionId};

/// One page of versions and delete markers.
pub(super) async fn list(bucket: &Bucket, options: ListOptions) -> Result<Page<Version>, ObjectsError> {
    let size = options.check()?;
    let resumed = options.page_token.is_some();
    let (key, version) = options.page_token.as_deref().map(decode).transpose()?.unzip();
    let request = bucket
        .client
        .list_object_versions()
        .bucket(bucket.name())
        .prefix(format!("{}{}", bucket.settings.prefix, options.prefix))
        .max_keys(size as i32)
        .set_key_marker(key)
        .set_version_id_marker(version.filter(|version| !version.is_empty()));
    let output = match request.send().await {
        Ok(output) => output,
        Err(error) => {
            let bad_token = resumed && Answer::of(&error).code == "InvalidArgument";
            return Err(if bad_token { wrong_token() } else { bucket.explain(VERSIONS, None, error) });
        }
    };
    let versions = output.versions().iter().filter_map(|it| version_of(bucket, it));
    let markers = output.delete_markers().iter().filter_map(|it| marker_of(bucket, it));
    let mut items: Vec<_> = versions.chain(markers).collect();
    items.sort_by(|a, b| {
        let newest_first = (b.is_latest, b.modified).cmp(&(a.is_latest, a.modified));
        a.key.cmp(&b.key).then(newest_first)
    });
    let more = output.is_truncated().unwrap_or_default();
    let next = output.next_key_marker().filter(|_| more);
    let next = next.map(|key| encode(key, output.next_version_id_marker().unwrap_or_default()));
    Ok(Page { items, folders: Vec::new(), next })
}

fn version_of(bucket: &Bucket, version: &ObjectVersion) -> Option<Version> {
    Some(Version {
        key: bucket.own_key(version.key()?)?,
        id: VersionId::new(version.version_id()?).ok()?,
        is_latest: version.is_latest().unwrap_or_default(),
        is_delete_marker: false,
        size: version.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        modified: time(version.last_modified()),
    })
}

fn marker_of(bucket: &Bucket, marker: &DeleteMarkerEntry) -> Option<Version> {
    Some(Version {
        key: bucket.own_key(marker.key()?)?,
        id: VersionId::new(marker.version_id()?).ok()?,
        is_latest: marker.is_latest().unwrap_or_default(),
        is_delete_marker: true,
        size: 0,
        modified: time(marker.last_modified()),
    })
}

/// S3 goes on behind a key and a version, which are two texts; a token is one.
fn encode(key: &str, version: &str) -> String {
    format!("{}.{}", hex::encode(key), hex::encode(version))
}

fn decode(token: &str) -> Result<(String, String), ObjectsError> {
    let text = |part: &str| hex::decode(part).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = token.split_once('.').and_then(|(key, version)| text(key).zip(text(version)));
    parts.ok_or_else(wrong_token)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn a_token_holds_both_markers() {
        let both = ("a/ü.b".to_owned(), "3sL4kqtJlcpXroDTDmJ".to_owned());
        assert_eq!(decode(&encode(&both.0, &both.1)).unwrap(), both);
        assert!(decode("zz.00").is_err() && decode("00").is_err() && decode("ff.00").is_err());
    }
}
