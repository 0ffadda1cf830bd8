//! The one shape that errors have in JSON.

use std::time::Duration;

use serde_json::{Value, json};

const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
const QUOTA_FAILURE: &str = "type.googleapis.com/google.rpc.QuotaFailure";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// `{"error": {"code", "reason", "message", "type", "param", "details"}}`, as programs that know gRPC and clients of OpenAI's
/// interface both read it.
///
/// `code` is the name of gRPC's code, `reason` the word for programs in `google.rpc.ErrorInfo` (the code's name where there is
/// none), `type` OpenAI's class of errors, `param` the first field that is wrong, `details` all messages of `google.rpc` as JSON.
pub fn error_document(code: &str, message: &str, details: &[Value]) -> Value {
    let reason = of_type(details, ERROR_INFO).and_then(|info| info["reason"].as_str()).unwrap_or(code);
    let param = of_type(details, BAD_REQUEST).and_then(|wrong| wrong["fieldViolations"][0]["field"].as_str());
    json!({"error": {
        "code": code,
        "reason": reason,
        "message": message,
        "type": class_of(code),
        "param": param,
        "details": details,
    }})
}

/// `google.rpc.ErrorInfo` with a reason, in somebody's words.
pub fn error_info(reason: &str, domain: &str) -> Value {
    json!({"@type": ERROR_INFO, "reason": reason, "domain": domain, "metadata": {}})
}

/// `google.rpc.BadRequest` with each wrong field and what is wrong with it.
pub fn bad_request<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let fields = fields.into_iter().map(|(field, wrong)| json!({"field": field, "description": wrong}));
    json!({"@type": BAD_REQUEST, "fieldViolations": fields.collect::<Vec<_>>()})
}

/// `google.rpc.QuotaFailure` with each subject that is counted and what is left of it.
pub fn quota_failure<'a>(quotas: impl IntoIterator<Item = (&'a str, &'a str)>) -> Value {
    let quotas = quotas.into_iter().map(|(subject, said)| json!({"subject": subject, "description": said}));
    json!({"@type": QUOTA_FAILURE, "violations": quotas.collect::<Vec<_>>()})
}

/// `google.rpc.RetryInfo` with the time to come back.
pub fn retry_info(delay: Duration) -> Value {
    json!({"@type": RETRY_INFO, "retryDelay": format!("{}.{:03}s", delay.as_secs(), delay.subsec_millis())})
}

fn of_type<'a>(details: &'a [Value], name: &str) -> Option<&'a Value> {
    details.iter().find(|detail| detail["@type"] == name)
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

    use super::{bad_request, error_document, error_info};

    #[test]
    fn the_reason_and_the_field_stand_out_of_the_details() {
        let details = [error_info("NO_MODEL", "x"), bad_request([("a.b", "is odd"), ("c", "is worse")])];
        let told = &error_document("NOT_FOUND", "no", &details)["error"];
        assert_eq!((&told["reason"], &told["param"]), (&json!("NO_MODEL"), &json!("a.b")));
        assert_eq!((&told["code"], &told["type"]), (&json!("NOT_FOUND"), &json!("invalid_request_error")));
        let bare = &error_document("UNAVAILABLE", "later", &[])["error"];
        assert_eq!((&bare["reason"], &bare["param"]), (&json!("UNAVAILABLE"), &json!(null)));
    }
}
