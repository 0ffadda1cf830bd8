//! What clients get.

use fault::{Fault, Kind};
use proto::inference::v1::{FinishReason, GenerateTextResponse, Usage};
use serde_json::{Value, json};

/// What an answer says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// A name of its own.
    pub id: &'a str,
    /// When it was made, in seconds since 1970.
    pub at: u64,
}

/// The answer to a chat.
pub fn chat_answer(made: Made<'_>, answer: &GenerateTextResponse) -> Value {
    json!({
        "id": format!("chatcmpl-{}", made.id),
        "object": "chat.completion",
        "created": made.at,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.text},
            "logprobs": null,
            "finish_reason": finish_reason(answer),
        }],
        "usage": usage(answer.usage),
    })
}

/// The continuation of a text.
pub fn completion_answer(made: Made<'_>, answer: &GenerateTextResponse) -> Value {
    json!({
        "id": format!("cmpl-{}", made.id),
        "object": "text_completion",
        "created": made.at,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "text": answer.text,
            "logprobs": null,
            "finish_reason": finish_reason(answer),
        }],
        "usage": usage(answer.usage),
    })
}

/// An error as clients read it: the HTTP status, and the body.
pub fn error_body(fault: &impl Fault, reason: &str) -> (u16, Value) {
    let (status, kind) = match fault.kind() {
        Kind::InvalidArgument | Kind::FailedPrecondition => (400, "invalid_request_error"),
        Kind::Unauthenticated => (401, "authentication_error"),
        Kind::PermissionDenied => (403, "permission_error"),
        Kind::NotFound => (404, "invalid_request_error"),
        Kind::AlreadyExists | Kind::Aborted => (409, "conflict_error"),
        Kind::ResourceExhausted => (429, "rate_limit_error"),
        Kind::Cancelled => (499, "cancelled"),
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
        "code": reason.to_lowercase(),
    });
    (status, body)
}

fn finish_reason(answer: &GenerateTextResponse) -> &'static str {
    match answer.finish_reason() {
        FinishReason::Length => "length",
        FinishReason::Stop | FinishReason::Unspecified => "stop",
    }
}

fn usage(usage: Option<Usage>) -> Value {
    let usage = usage.unwrap_or_default();
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    })
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::{FinishReason, GenerateTextResponse, Usage};
    use serde_json::json;

    use super::{Made, chat_answer, completion_answer, error_body};
    use crate::OpenAiError;

    #[test]
    fn an_answer_has_the_fields_that_clients_read() {
        let answer = GenerateTextResponse {
            model: "stub".into(),
            text: "Hello.".into(),
            finish_reason: FinishReason::Length.into(),
            usage: Some(Usage { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
            ..GenerateTextResponse::default()
        };
        let made = Made { id: "7", at: 1 };
        let chat = chat_answer(made, &answer);
        assert_eq!((&chat["id"], &chat["object"]), (&json!("chatcmpl-7"), &json!("chat.completion")));
        assert_eq!(chat["choices"][0]["message"], json!({"role": "assistant", "content": "Hello."}));
        assert_eq!(chat["usage"], json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}));
        let text = completion_answer(made, &answer);
        assert_eq!(
            (&text["choices"][0]["text"], &text["choices"][0]["finish_reason"]),
            (&json!("Hello."), &json!("length"))
        );
    }

    #[test]
    fn an_error_names_its_parameter() {
        let (status, body) = error_body(&OpenAiError::unsupported("n", "only 1"), "INVALID_ARGUMENT");
        assert_eq!(status, 400);
        assert_eq!((&body["param"], &body["code"]), (&json!("n"), &json!("invalid_argument")));
    }
}
