//! What a reader, and every cache on the way, is told of an artifact.

use artifacts::Artifact;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::results::Found;

/// The run of a job that counts never changes, so neither does what is published of it.
const PUBLISHED: &str = "public, max-age=31536000, immutable";
/// Only the reader's own cache may keep it, and asks each time.
const OWN: &str = "private, no-cache";
/// Whatever a browser takes an artifact for, it runs nothing in our name and loads nothing.
const POLICY: &str = "default-src 'none'; sandbox";

/// The headers that every answer about an artifact has.
pub(super) fn validators(found: &Found) -> HeaderMap {
    let cache = if found.manifest.published { PUBLISHED } else { OWN };
    let mut headers = HeaderMap::new();
    put(&mut headers, ETAG, &format!("\"{}\"", found.artifact.etag));
    put(&mut headers, CACHE_CONTROL, cache);
    headers
}

/// The headers that the bytes of an artifact have.
pub(super) fn content(found: &Found) -> HeaderMap {
    let mut headers = validators(found);
    let Artifact { name, content_type, .. } = &found.artifact;
    let kind = if may_be_shown(content_type) { "inline" } else { "attachment" };
    put(&mut headers, CONTENT_TYPE, content_type);
    // Names of artifacts have no character that would need quoting.
    put(&mut headers, CONTENT_DISPOSITION, &format!("{kind}; filename=\"{name}\""));
    put(&mut headers, CONTENT_SECURITY_POLICY, POLICY);
    put(&mut headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(&mut headers, ACCEPT_RANGES, "bytes");
    headers
}

/// Adds a header, unless its value could not stand in one.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether a browser may show it in place: what cannot hold a script. HTML, SVG and other XML are saved instead.
fn may_be_shown(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("image", subtype)) => !subtype.contains("xml"),
        Some(("audio" | "video", _)) => true,
        Some(("text", subtype)) => matches!(subtype, "plain" | "csv" | "markdown"),
        Some(("application", subtype)) => {
            matches!(subtype, "json" | "jsonl" | "x-ndjson" | "x-jsonlines" | "jsonlines")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_shown;

    #[test]
    fn what_can_hold_a_script_is_saved() {
        for shown in ["text/plain; charset=utf-8", "application/json", "image/png", "IMAGE/JPEG", "audio/ogg"]
        {
            assert!(may_be_shown(shown), "{shown}");
        }
        for saved in
            ["text/html", "TEXT/HTML; x", "image/svg+xml", "application/xhtml+xml", "text/xml", "", "x"]
        {
            assert!(!may_be_shown(saved), "{saved}");
        }
    }
}
