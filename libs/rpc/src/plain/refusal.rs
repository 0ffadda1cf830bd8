//! A status as an HTTP response.

use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    response::Parts,
};
use httpjson::{bad_request, error_document, error_info, quota_failure, retry_info};
use serde_json::Value;
use tonic::{Code, Status, body::Body};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{ERROR_DOMAIN, status::name_of, step::Response};

/// gRPC's own headers of a response without a body.
const STATUS_HEADERS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// The response, with all its other headers kept, and with a body of this shape.
pub(super) fn refusal(mut parts: Parts, status: &Status, shape: impl FnOnce(Value) -> Value) -> Response {
    let details = status.get_error_details();
    let (code, reason, message) = words(status, &details);
    parts.status = http_status(code, reason);
    for name in STATUS_HEADERS {
        parts.headers.remove(name);
    }
    let delay = details.retry_info().and_then(|info| info.retry_delay);
    if let Some(delay) = delay {
        parts.headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_millis().div_ceil(1000) as u64));
    }
    if parts.status == StatusCode::UNAUTHORIZED {
        parts.headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let body = shape(document(name_of(code), reason, message, &details)).to_string();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::new(http_body_util::Full::from(body)))
}

/// A status as JSON.
pub(super) fn told(status: &Status) -> Value {
    let details = status.get_error_details();
    let (code, reason, message) = words(status, &details);
    document(name_of(code), reason, message, &details)
}

/// The code, the reason and the message to tell.
fn words<'a>(status: &'a Status, details: &'a ErrorDetails) -> (Code, &'a str, &'a str) {
    match (status.code(), status.message()) {
        // tonic's answer to a path that it does not know.
        (Code::Unimplemented, "") => {
            (Code::NotFound, name_of(Code::NotFound), "there is nothing at this path")
        }
        (code, message) => {
            (code, details.error_info().map_or(name_of(code), |info| info.reason.as_str()), message)
        }
    }
}

/// The body, with the details that a program may act on.
fn document(code: &str, reason: &str, message: &str, details: &ErrorDetails) -> Value {
    let domain = details.error_info().map_or(ERROR_DOMAIN, |info| info.domain.as_str());
    let mut told = vec![error_info(reason, domain)];
    if let Some(wrong) = details.bad_request() {
        let fields = wrong.field_violations.iter();
        told.push(bad_request(fields.map(|it| (it.field.as_str(), it.description.as_str()))));
    }
    if let Some(full) = details.quota_failure() {
        let quotas = full.violations.iter();
        told.push(quota_failure(quotas.map(|it| (it.subject.as_str(), it.description.as_str()))));
    }
    told.extend(details.retry_info().and_then(|info| info.retry_delay).map(retry_info));
    error_document(code, message, &told)
}

/// HTTP's status for a code; some reasons have one of their own.
fn http_status(code: Code, reason: &str) -> StatusCode {
    match reason {
        "BODY_TOO_SLOW" => return StatusCode::REQUEST_TIMEOUT,
        "METHOD_NOT_ALLOWED" => return StatusCode::METHOD_NOT_ALLOWED,
        "UNSUPPORTED_CONTENT_TYPE" => return StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_HTTP_VERSION" => return StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        "RANGE_NOT_SATISFIABLE" => return StatusCode::RANGE_NOT_SATISFIABLE,
        "BODY_TOO_LARGE" | "UPLOAD_TOO_LARGE" => return StatusCode::PAYLOAD_TOO_LARGE,
        _ => {}
    }
    httpjson::http_status(name_of(code))
}
