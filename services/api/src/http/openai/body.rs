//! The body of a request, read whole.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use http::{
    HeaderMap, HeaderName,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::ApiError;

/// The bytes of a body that says that it is JSON, if there are no more than `limit`.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, ApiError> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let plain = text(&CONTENT_ENCODING).is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    if !plain || !text(&CONTENT_TYPE).is_some_and(is_json) {
        return Err(ApiError::NotJson);
    }
    let too_large = || ApiError::BodyTooLarge { limit };
    if text(&CONTENT_LENGTH)
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: usize| length > limit)
    {
        return Err(too_large());
    }
    let mut parts = body.into_data_stream();
    let mut read = BytesMut::new();
    while let Some(part) = parts.try_next().await.map_err(|cut| ApiError::body_cut(cut.into()))? {
        if read.len() + part.len() > limit {
            return Err(too_large());
        }
        read.extend_from_slice(&part);
    }
    Ok(read.freeze())
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use axum::body::Body;
    use fault::{Fault, TooSlow};
    use futures::stream;
    use http::{HeaderMap, HeaderName};

    use super::read;

    async fn outcome(headers: &[(&'static str, &str)], body: Body) -> Result<usize, &'static str> {
        let header =
            |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        let headers: HeaderMap = headers.iter().map(header).collect();
        read(&headers, body, 4).await.map(|bytes| bytes.len()).map_err(|error| error.reason())
    }

    #[tokio::test]
    async fn what_says_that_it_is_json_is_read_up_to_its_limit() {
        let json = [("content-type", "application/json; charset=utf-8")];
        assert_eq!(outcome(&json, Body::from("1234")).await, Ok(4));
        assert_eq!(outcome(&json, Body::from("12345")).await, Err("BODY_TOO_LARGE"));
        let promised = [json[0], ("content-length", "5")];
        let never = Body::from_stream(stream::pending::<Result<&str, std::io::Error>>());
        assert_eq!(outcome(&promised, never).await, Err("BODY_TOO_LARGE"), "before any byte came");
        let parts = ["12", "34", "5"].map(Ok::<_, std::io::Error>);
        assert_eq!(outcome(&json, Body::from_stream(stream::iter(parts))).await, Err("BODY_TOO_LARGE"));
        let ending =
            |error: Box<dyn Error + Send + Sync>| Body::from_stream(stream::iter([Err::<&str, _>(error)]));
        assert_eq!(outcome(&json, ending("cut".into())).await, Err("BODY_BROKEN_OFF"));
        assert_eq!(outcome(&json, ending(Box::new(TooSlow))).await, Err("BODY_TOO_SLOW"));
    }

    #[tokio::test]
    async fn what_does_not_is_refused() {
        let compressed = [("content-type", "application/json"), ("content-encoding", "gzip")];
        for headers in [&[][..], &[("content-type", "text/plain")], &compressed] {
            assert_eq!(outcome(headers, Body::from("1")).await, Err("UNSUPPORTED_CONTENT_TYPE"));
        }
    }
}
