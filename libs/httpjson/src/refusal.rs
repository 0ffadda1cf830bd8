//! An error, as HTTP tells it.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use fault::Fault;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    response::Parts,
};
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_types::Any;
use serde_json::Value;
use transcoding::{Transcoder, TranscodingError};

use crate::{
    JsonBody,
    error_document::{bad_request, error_document, error_info},
    status::{Status, http_status},
};

/// Whose words our reasons are, in `google.rpc.ErrorInfo`.
const DOMAIN: &str = "ondol.dev";
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// An error.
pub(crate) struct Refusal {
    status: StatusCode,
    /// `{"error": …}`.
    told: Value,
    retry_after: Option<Duration>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

impl Refusal {
    /// One of ours.
    pub(crate) fn of(error: &TranscodingError) -> Self {
        let status = match error {
            TranscodingError::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            TranscodingError::UriTooLong { .. } => StatusCode::URI_TOO_LONG,
            TranscodingError::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            TranscodingError::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            TranscodingError::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            other => http_status(other.kind().reason()),
        };
        let mut details = vec![error_info(error.reason(), DOMAIN)];
        if !error.violations().is_empty() {
            let wrong = error.violations().iter();
            details.push(bad_request(wrong.map(|it| (it.field.as_str(), it.description.as_str()))));
        }
        Self::new(status, error.kind().reason(), &error.public_message(), &details)
    }

    /// The service's. Details are told as far as the descriptors know them.
    pub(crate) fn of_status(status: &Status, transcoder: &Transcoder) -> Self {
        // tonic's answer to a method that it does not serve has no words.
        let message = if status.message.is_empty() { status.name() } else { &status.message };
        let details: Vec<_> =
            status.details.iter().map(|detail| transcoder.any(&detail.type_url, &detail.value)).collect();
        let retry = status.details.iter().find(|detail| name_of(detail) == RETRY_INFO);
        let retry = retry.and_then(|detail| RetryInfo::decode(detail.value.as_slice()).ok()?.retry_delay);
        let retry_after = retry.and_then(|delay| Duration::try_from(delay).ok());
        Self { retry_after, ..Self::new(status.http(), status.name(), message, &details) }
    }

    fn new(status: StatusCode, name: &str, message: &str, details: &[Value]) -> Self {
        Self { status, told: error_document(name, message, details), retry_after: None }
    }

    /// `{"error": …}` on one line.
    pub(crate) fn json(&self) -> String {
        self.told.to_string()
    }

    /// The whole answer, with the headers of `parts` kept.
    pub(crate) fn response(&self, mut parts: Parts, head: bool) -> Response<JsonBody> {
        parts.status = self.status;
        if let Some(delay) = self.retry_after {
            let seconds = delay.as_millis().div_ceil(1000);
            parts.headers.insert(RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            parts.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        document(parts, self.json().into(), head)
    }
}

/// A JSON document as an answer.
pub(crate) fn document(mut parts: Parts, json: Bytes, head: bool) -> Response<JsonBody> {
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(json.len()));
    Response::from_parts(parts, body(if head { Bytes::new() } else { json }))
}

/// A body that is there already.
pub(crate) fn body(bytes: Bytes) -> JsonBody {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed_unsync()
}

fn name_of(detail: &Any) -> &str {
    detail.type_url.rsplit('/').next().unwrap_or_default()
}
