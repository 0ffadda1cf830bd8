//! A status as an HTTP response.

use fault::Kind;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    response::Parts,
};
use httpjson::error_document;
use serde_json::{Value, json};
use tonic::{Code, Status, body::Body};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{
    status::{kind_of, name_of},
    step::Response,
};

/// gRPC's own headers of a response without a body.
const STATUS_HEADERS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// The response, with all its other headers kept.
pub(super) fn refusal(mut parts: Parts, status: &Status) -> Response {
    let details = status.get_error_details();
    let reason = details.error_info().map_or(name_of(status.code()), |info| info.reason.as_str());
    let (code, message) = match (status.code(), status.message()) {
        // tonic's answer to a path that it does not know.
        (Code::Unimplemented, "") => (Code::NotFound, "there is nothing at this path"),
        said => said,
    };
    let reason = if code == status.code() { reason } else { name_of(code) };
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
    let body = document(name_of(code), reason, message, &details).to_string();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::new(http_body_util::Full::from(body)))
}

/// The body, with the details that a program may act on.
fn document(code: &str, reason: &str, message: &str, details: &ErrorDetails) -> Value {
    let of = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let domain = details.error_info().map(|info| info.domain.as_str());
    let mut told = vec![json!({"@type": of("ErrorInfo"), "reason": reason, "domain": domain})];
    if let Some(wrong) = details.bad_request() {
        let fields = wrong.field_violations.iter();
        let fields = fields.map(|it| json!({"field": it.field, "description": it.description}));
        told.push(json!({"@type": of("BadRequest"), "fieldViolations": fields.collect::<Vec<_>>()}));
    }
    if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
        let seconds = format!("{}.{:03}s", delay.as_secs(), delay.subsec_millis());
        told.push(json!({"@type": of("RetryInfo"), "retryDelay": seconds}));
    }
    error_document(code, message, &told)
}

/// HTTP's status for a code; some reasons have one of their own.
fn http_status(code: Code, reason: &str) -> StatusCode {
    match reason {
        "METHOD_NOT_ALLOWED" => return StatusCode::METHOD_NOT_ALLOWED,
        "UNSUPPORTED_CONTENT_TYPE" => return StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_HTTP_VERSION" => return StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        "RANGE_NOT_SATISFIABLE" => return StatusCode::RANGE_NOT_SATISFIABLE,
        "UPLOAD_TOO_LARGE" => return StatusCode::PAYLOAD_TOO_LARGE,
        _ => {}
    }
    match kind_of(code) {
        Kind::InvalidArgument | Kind::FailedPrecondition => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::PermissionDenied => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::AlreadyExists | Kind::Aborted => StatusCode::CONFLICT,
        Kind::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        // No status of the standard says so; the caller does not see it.
        Kind::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Kind::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Kind::DataLoss | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
