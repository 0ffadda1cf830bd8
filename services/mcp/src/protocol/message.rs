//! Whether a request holds one message, before the transport reads it: it has one answer for all that it cannot read.

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use http::{HeaderMap, Method, header::CONTENT_TYPE};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use rmcp::ErrorData;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Error, Value};

/// Why a request holds none, and the id that it has all the same.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is larger than what may be sent.
    TooLarge,
    /// It broke off.
    Cut,
    /// It says something else.
    Wrong(ErrorData, Value),
}

/// The parts of a message that say what it is.
#[derive(Deserialize)]
struct Shape {
    jsonrpc: Option<Value>,
    id: Option<Value>,
    method: Option<Value>,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

/// The same request, and the id of its message. What is not posted as JSON is left to the transport.
pub(super) async fn read(request: Request, most: usize) -> Result<(Request, Value), Unread> {
    if request.method() != Method::POST || !is_json(request.headers()) {
        return Ok((request, Value::Null));
    }
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, most)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { Unread::TooLarge } else { Unread::Cut })?;
    let body = body.to_bytes();
    let id = checked(&body)?;
    Ok((Request::from_parts(parts, Body::from(body)), id))
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

fn checked(body: &Bytes) -> Result<Value, Unread> {
    let wrong =
        |problem: String, id: &Value| Unread::Wrong(ErrorData::invalid_request(problem, None), id.clone());
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        serde_json::from_slice::<IgnoredAny>(body).map_err(|error| unread(&error))?;
        let problem = "a batch of messages is not taken: expected one message, which is a JSON object";
        return Err(wrong(problem.to_owned(), &Value::Null));
    }
    let shape: Shape = serde_json::from_slice(body).map_err(|error| unread(&error))?;
    let id = shape.id.unwrap_or_default();
    if !(id.is_null() || id.is_string() || id.is_i64() || id.is_u64()) {
        return Err(wrong("id: expected a string or a whole number".to_owned(), &Value::Null));
    }
    if shape.jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
        return Err(wrong("jsonrpc: expected \"2.0\"".to_owned(), &id));
    }
    let answers = shape.result.is_some() || shape.error.is_some();
    match shape.method {
        Some(Value::String(_)) => Ok(id),
        Some(_) => Err(wrong("method: expected a string".to_owned(), &id)),
        None if answers => Ok(id),
        None => Err(wrong("method: is missing".to_owned(), &id)),
    }
}

/// Where the error is, never what stands there: it may be somebody's secret.
fn unread(error: &Error) -> Unread {
    let error = if error.is_data() {
        ErrorData::invalid_request("expected one message: a JSON object with each of its fields once", None)
    } else {
        ErrorData::parse_error(format!("the body is not JSON: {error}"), None)
    };
    Unread::Wrong(error, Value::Null)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Unread, checked};

    fn refused(body: &str) -> (i32, String, Value) {
        match checked(&body.to_owned().into()) {
            Err(Unread::Wrong(error, id)) => (error.code.0, error.message.into_owned(), id),
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_json_is_told_apart_from_what_is_no_message() {
        for (body, code, said) in [
            ("", -32700, "EOF"),
            ("{", -32700, "line 1"),
            ("nonsense", -32700, "not JSON"),
            ("[{\"jsonrpc\":", -32700, "not JSON"),
            ("{\"jsonrpc\":\"2.0\"} {}", -32700, "trailing"),
            ("[]", -32600, "batch"),
            (" [{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600, "batch"),
            ("null", -32600, "object"),
            ("3", -32600, "object"),
            ("{\"id\":1,\"id\":2}", -32600, "once"),
            ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600, "id: "),
        ] {
            let (found, message, id) = refused(body);
            assert!(
                (found, &id) == (code, &Value::Null) && message.contains(said),
                "{body}: {found} {message}"
            );
        }
    }

    #[test]
    fn an_id_that_can_be_read_is_given_back() {
        for (body, said, id) in [
            ("{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"ping\"}", "jsonrpc", json!(7)),
            ("{\"jsonrpc\":\"2.0\",\"id\":\"a\"}", "method: is missing", json!("a")),
            ("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":3}", "method: expected", json!("a")),
        ] {
            let (code, message, found) = refused(body);
            assert!((code, found) == (-32600, id) && message.contains(said), "{body}: {message}");
        }
    }

    #[test]
    fn messages_pass() {
        for (body, id) in [
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", json!(1)),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", Value::Null),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", json!(1)),
        ] {
            assert_eq!(checked(&body.to_owned().into()).unwrap(), id, "{body}");
        }
    }
}
