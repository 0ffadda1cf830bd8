//! The one shape that errors have in JSON.

use serde_json::{Value, json};

const REASON_OF: &str = "google.rpc.ErrorInfo";
const FIELDS_OF: &str = "google.rpc.BadRequest";

/// `{"error": {"code", "reason", "message", "type", "param", "details"}}`, as programs that know gRPC and clients of OpenAI's
/// interface both read it.
///
/// `code` is the name of gRPC's code, `reason` the word for programs in `google.rpc.ErrorInfo` (the code's name where there is
/// none), `type` OpenAI's class of errors, `param` the first field that is wrong, `details` all messages of `google.rpc` as JSON.
pub fn error_document(code: &str, message: &str, details: &[Value]) -> Value {
    let reason = of_kind(details, REASON_OF).and_then(|info| info["reason"].as_str()).unwrap_or(code);
    let param = of_kind(details, FIELDS_OF).and_then(|wrong| wrong["fieldViolations"][0]["field"].as_str());
    json!({"error": {
        "code": code,
        "reason": reason,
        "message": message,
        "type": class_of(code),
        "param": param,
        "details": details,
    }})
}

fn of_kind<'a>(details: &'a [Value], name: &str) -> Option<&'a Value> {
    details.iter().find(|detail| detail["@type"].as_str().is_some_and(|it| it.ends_with(name)))
}

/// What OpenAI's clients tell errors apart by, beside HTTP's status.
fn class_of(code: &str) -> &'static str {
    match code {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" | "NOT_FOUND" => "invalid_request_error",
        "UNAUTHENTICATED" => "authentication_error",
        "PERMISSION_DENIED" => "permission_error",
        "ALREADY_EXISTS" | "ABORTED" => "conflict_error",
        "RESOURCE_EXHAUSTED" => "rate_limit_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::error_document;

    #[test]
    fn the_reason_and_the_field_stand_out_of_the_details() {
        let details = [
            json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "NO_MODEL"}),
            json!({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "a.b"}]}),
        ];
        let told = &error_document("NOT_FOUND", "no", &details)["error"];
        assert_eq!((&told["reason"], &told["param"]), (&json!("NO_MODEL"), &json!("a.b")));
        assert_eq!((&told["code"], &told["type"]), (&json!("NOT_FOUND"), &json!("invalid_request_error")));
        let bare = &error_document("UNAVAILABLE", "later", &[])["error"];
        assert_eq!((&bare["reason"], &bare["param"]), (&json!("UNAVAILABLE"), &json!(null)));
    }
}
