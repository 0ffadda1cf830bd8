//! Errors, as OpenAI's clients read them.

use fault::{Fault, Kind};
use serde_json::{Value, json};

/// A fault as clients read it: the HTTP status, and what stands in `error`.
pub fn error_body(fault: &impl Fault) -> (u16, Value) {
    let (status, kind) = match fault.kind() {
        Kind::InvalidArgument | Kind::FailedPrecondition => (400, "invalid_request_error"),
        Kind::Unauthenticated => (401, "authentication_error"),
        Kind::PermissionDenied => (403, "permission_error"),
        Kind::NotFound => (404, "invalid_request_error"),
        Kind::AlreadyExists | Kind::Aborted => (409, "conflict_error"),
        Kind::ResourceExhausted => (429, "rate_limit_error"),
        Kind::Cancelled => (499, "server_error"),
        Kind::Unavailable => (503, "server_error"),
        Kind::DeadlineExceeded => (504, "server_error"),
        Kind::Unimplemented => (501, "server_error"),
        Kind::DataLoss | Kind::Internal => (500, "server_error"),
    };
    let parameter = fault.violations().first().map(|violation| violation.field.as_str());
    let body = json!({
        "message": fault.public_message(),
        "type": kind,
        "param": parameter,
        "code": code_of(fault.reason()),
    });
    (status, body)
}

/// The same for an error as our own JSON tells it (`{"error": {"reason", "message", "type", "param", …}}`).
pub fn error_of(document: &Value) -> Value {
    let error = &document["error"];
    json!({"error": {
        "message": error["message"],
        "type": error["type"],
        "param": error["param"],
        "code": code_of(error["reason"].as_str().unwrap_or_default()),
    }})
}

/// The word for programs. Some of OpenAI's own are known to clients; the others are our reasons.
fn code_of(reason: &str) -> String {
    match reason {
        "UNAUTHENTICATED" => "invalid_api_key".to_owned(),
        "INVALID_ARGUMENT" => "invalid_value".to_owned(),
        other => other.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use fault::{Fault, Kind};
    use serde_json::json;

    use super::{error_body, error_of};
    use crate::OpenAiError;

    #[derive(Debug, thiserror::Error)]
    #[error("{0:?}")]
    struct Plain(Kind);

    impl Fault for Plain {
        fn kind(&self) -> Kind {
            self.0
        }

        fn public_message(&self) -> Cow<'_, str> {
            self.to_string().into()
        }
    }

    #[test]
    fn every_error_has_a_status_and_a_type_that_go_together() {
        for kind in Kind::ALL {
            let (status, body) = error_body(&Plain(kind));
            let expected = match status {
                401 => "authentication_error",
                403 => "permission_error",
                409 => "conflict_error",
                429 => "rate_limit_error",
                499.. => "server_error",
                _ => "invalid_request_error",
            };
            assert_eq!((&body["type"], status >= 400), (&json!(expected), true), "{kind:?}");
        }
    }

    #[test]
    fn an_error_names_its_parameter() {
        let (status, body) = error_body(&OpenAiError::unsupported("n", "only 1"));
        assert_eq!(status, 400);
        assert_eq!((&body["param"], &body["code"]), (&json!("n"), &json!("unsupported_value")));
    }

    #[test]
    fn of_our_own_errors_four_words_are_left() {
        let ours = json!({"error": {"code": "UNAUTHENTICATED", "reason": "UNAUTHENTICATED", "message": "no key",
            "type": "authentication_error", "param": null, "details": [1]}});
        let told = json!({"error": {"message": "no key", "type": "authentication_error", "param": null,
            "code": "invalid_api_key"}});
        assert_eq!(error_of(&ours), told);
    }
}
