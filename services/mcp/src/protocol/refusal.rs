//! Why a request gets no answer, in JSON-RPC's words.
//!
//! The transport refuses by an HTTP status and a line of plain text, which clients that read JSON do not show to anybody. Here
//! such a refusal keeps its status and says what was wrong and what was expected.

use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, ORIGIN},
};
use http_body_util::{BodyExt, Limited};
use rmcp::{ErrorData, model::ProtocolVersion};
use serde_json::{Value, json};

use super::{
    MAX_REQUEST,
    message::{self, Unread, is_json},
};

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// What the transport says is a line.
const LONGEST_REASON: usize = 4096;
/// How much of a header is repeated.
const LONGEST_VALUE: usize = 100;

/// What a refusal may have been about.
struct Asked {
    method: Method,
    headers: HeaderMap,
    host: String,
}

/// Has every refusal say in JSON why it is one.
pub(super) async fn in_json(request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let (request, id) = match message::read(request, MAX_REQUEST).await {
        Ok(read) => read,
        Err(Unread::TooLarge) => return refused(StatusCode::PAYLOAD_TOO_LARGE, &too_large(), &Value::Null),
        Err(Unread::Cut) => {
            let error = ErrorData::invalid_request("the request broke off before its end", None);
            return refused(StatusCode::BAD_REQUEST, &error, &Value::Null);
        }
        Err(Unread::Wrong(error, id)) => return refused(StatusCode::BAD_REQUEST, &error, &id),
    };
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_json(response.headers()) {
        return response;
    }
    let allow = response.headers().get(ALLOW).cloned();
    let reason = reason(response).await;
    let (status, error) = asked.explained(status, &reason);
    let mut response = refused(status, &error, &id);
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn refused(status: StatusCode, error: &ErrorData, id: &Value) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string();
    let json = HeaderValue::from_static("application/json");
    (status, [(CONTENT_TYPE, json)], Body::from(body)).into_response()
}

/// What the transport says.
async fn reason(response: Response) -> String {
    let body = Limited::new(response.into_body(), LONGEST_REASON).collect().await;
    body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default()
}

fn too_large() -> ErrorData {
    ErrorData::invalid_request(format!("a request has at most {} MiB", MAX_REQUEST >> 20), None)
}

impl Asked {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let kept = [ACCEPT, CONTENT_TYPE, HOST, ORIGIN, VERSION];
        let kept = kept.into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        let headers: HeaderMap = kept.collect();
        // HTTP/2 has it elsewhere.
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        Self { method: request.method().clone(), headers, host }
    }

    /// What was wrong and what was expected. `reason` is what the transport says.
    fn explained(&self, status: StatusCode, reason: &str) -> (StatusCode, ErrorData) {
        let said = match status {
            StatusCode::FORBIDDEN if reason.contains("Origin") => {
                let origin = self.value(&ORIGIN);
                format!("the origin {origin} may not call /mcp: expected one that --mcp-origin names")
            }
            StatusCode::FORBIDDEN => {
                let host = if self.host.is_empty() { self.value(&HOST) } else { short(&self.host) };
                format!(
                    "/mcp is not served as {host}: expected this machine's own name, or one that --mcp-host names"
                )
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                format!(
                    "{} has no answer here: expected POST, since nothing is streamed and no session kept",
                    self.method
                )
            }
            StatusCode::NOT_ACCEPTABLE => {
                let accept = self.value(&ACCEPT);
                format!("accept: expected both application/json and text/event-stream, got {accept}")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE if is_json(&self.headers) => {
                // The transport calls it so; the type was right.
                let error =
                    ErrorData::invalid_request("the body is JSON, but no message of the protocol", None);
                return (StatusCode::BAD_REQUEST, error);
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                format!("content-type: expected application/json, got {}", self.value(&CONTENT_TYPE))
            }
            StatusCode::PAYLOAD_TOO_LARGE => return (status, too_large()),
            StatusCode::BAD_REQUEST if reason.contains("Unsupported MCP-Protocol-Version") => {
                return (status, self.unknown_version());
            }
            status if status.is_server_error() => {
                return (status, ErrorData::internal_error("the request could not be answered", None));
            }
            _ => short_text(reason.strip_prefix("Bad Request: ").unwrap_or(reason)),
        };
        (status, ErrorData::invalid_request(said, None))
    }

    fn unknown_version(&self) -> ErrorData {
        let version = self.headers.get(VERSION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let known = ProtocolVersion::KNOWN_VERSIONS;
        let names: Vec<_> = known.iter().map(ProtocolVersion::as_str).collect();
        let mut error =
            ErrorData::invalid_request("", Some(json!({"requested": version, "supported": names})));
        error.code = rmcp::model::ErrorCode::UNSUPPORTED_PROTOCOL_VERSION;
        error.message =
            format!("mcp-protocol-version: expected one of {}, got {}", names.join(", "), short(version))
                .into();
        error
    }

    /// A header as it came, in quotes.
    fn value(&self, name: &HeaderName) -> String {
        match self.headers.get(name) {
            Some(value) => short(&String::from_utf8_lossy(value.as_bytes())),
            None => "none".to_owned(),
        }
    }
}

/// What somebody else wrote, in quotes, and no more of it than a line holds.
pub(super) fn short(value: &str) -> String {
    format!("{:?}", short_text(value))
}

fn short_text(value: &str) -> String {
    value.chars().take(LONGEST_VALUE).collect()
}
