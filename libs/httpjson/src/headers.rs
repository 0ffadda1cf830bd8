//! Which headers pass, and what they say.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, RANGE,
        TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
};

/// What describes the body that came, or the connection that it came by; and gRPC's own, which a caller cannot mean.
const OF_REQUESTS: [HeaderName; 16] = [
    ACCEPT,
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    RANGE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("grpc-encoding"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// What says how gRPC's answer is written.
const OF_ANSWERS: [HeaderName; 5] = [
    CONTENT_LENGTH,
    CONTENT_TYPE,
    HeaderName::from_static("grpc-accept-encoding"),
    HeaderName::from_static("grpc-encoding"),
    TRAILER,
];
const STATUS: &str = "grpc-";

/// Whether it is gRPC or gRPC-Web.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"application/grpc"))
}

/// Whether it says that its body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    content_type.is_some_and(|it| {
        let essence = it.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let kind = essence.strip_prefix("application/");
        kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
    })
}

/// The headers of a gRPC call.
pub(crate) fn into_grpc(headers: &mut HeaderMap) {
    for name in OF_REQUESTS {
        headers.remove(name);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
}

/// The headers of an HTTP answer.
pub(crate) fn from_grpc(headers: &mut HeaderMap) {
    for name in OF_ANSWERS {
        headers.remove(name);
    }
    without_status(headers);
}

/// Takes out how the call ended.
pub(crate) fn without_status(headers: &mut HeaderMap) {
    let names: Vec<_> = headers.keys().filter(|name| name.as_str().starts_with(STATUS)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::CONTENT_TYPE};

    use super::{is_grpc, is_json};

    #[test]
    fn types_are_told_apart() {
        let of =
            |text: &'static str| [(CONTENT_TYPE, text.parse().unwrap())].into_iter().collect::<HeaderMap>();
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(is_json(&of(json)) && !is_grpc(&of(json)), "{json}");
        }
        for other in ["text/json", "application/jsonp", "application/x-www-form-urlencoded", "text/plain"] {
            assert!(!is_json(&of(other)) && !is_grpc(&of(other)), "{other}");
        }
        for grpc in ["application/grpc", "application/grpc+proto", "application/grpc-web+proto"] {
            assert!(is_grpc(&of(grpc)), "{grpc}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
