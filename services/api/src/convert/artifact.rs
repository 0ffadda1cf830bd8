//! Artifacts and URLs, as they are told.

use std::time::SystemTime;

use artifacts::Upload;
use contract::Invalid;
use jobview::link;
use objects::{ObjectInfo, Presigned};
use proto::{artifacts::v1 as wire, jobs::v1::ArtifactLink};

use crate::results::Found;

const LONGEST_TYPE: usize = 255;

/// An artifact of which the store knows this.
pub(crate) fn artifact(found: &Found, info: &ObjectInfo) -> wire::Artifact {
    let ArtifactLink { name, path, content_type, size_bytes } = link(&found.manifest.job, &found.artifact);
    wire::Artifact {
        name,
        path,
        content_type,
        size_bytes,
        etag: found.artifact.etag.clone(),
        create_time: Some(info.modified.into()),
        published: found.manifest.published,
    }
}

/// The media type of an upload.
pub(crate) fn upload_type(given: &str) -> Result<&str, Invalid> {
    match given {
        "" => Ok("application/octet-stream"),
        given if given.len() <= LONGEST_TYPE && given.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
            Ok(given)
        }
        _ => {
            let rule = format!("must be at most {LONGEST_TYPE} printable ASCII characters");
            Err(Invalid::field("content_type", rule))
        }
    }
}

/// Where to put an upload: at the store's URL, or without one at our own path.
pub(crate) fn upload_answer(
    upload: &Upload,
    content_type: &str,
    url: Option<Presigned>,
) -> wire::CreateUploadUrlResponse {
    let name = upload.name();
    match url {
        Some(Presigned { url, headers, expires, .. }) => wire::CreateUploadUrlResponse {
            upload: name,
            url,
            headers: headers.into_iter().collect(),
            expire_time: Some(expires.into()),
        },
        None => wire::CreateUploadUrlResponse {
            url: format!("/{name}"),
            upload: name,
            headers: [("content-type".to_owned(), content_type.to_owned())].into(),
            expire_time: None,
        },
    }
}

/// Where to read an artifact.
pub(crate) fn download_answer(url: Presigned) -> wire::CreateDownloadUrlResponse {
    let expires: SystemTime = url.expires;
    wire::CreateDownloadUrlResponse { url: url.url, expire_time: Some(expires.into()) }
}
