//! The whole answers to chats and completions.

use proto::inference::v1::{FinishReason, GenerateTextResponse, Usage};
use serde_json::{Value, json};

use crate::logprobs;

/// What an answer says of itself.
#[derive(Clone, Debug)]
pub struct Made {
    /// A name of its own, without what it is a name of.
    pub id: String,
    /// When it was made, in seconds since 1970.
    pub at: u64,
}

/// The answer to a chat.
pub(crate) fn chat_answer(made: &Made, answer: &GenerateTextResponse) -> Value {
    json!({
        "id": format!("chatcmpl-{}", made.id),
        "object": "chat.completion",
        "created": made.at,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.text, "refusal": null},
            "logprobs": logprobs::of_chat(&answer.tokens),
            "finish_reason": finish_reason(answer.finish_reason()),
        }],
        "usage": usage(answer.usage),
    })
}

/// The continuation of a text.
pub(crate) fn completion_answer(made: &Made, answer: &GenerateTextResponse) -> Value {
    json!({
        "id": format!("cmpl-{}", made.id),
        "object": "text_completion",
        "created": made.at,
        "model": answer.model,
        "choices": [{
            "index": 0,
            "text": answer.text,
            "logprobs": logprobs::of_completion(&answer.tokens, &mut 0),
            "finish_reason": finish_reason(answer.finish_reason()),
        }],
        "usage": usage(answer.usage),
    })
}

pub(crate) fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length => "length",
        FinishReason::Stop | FinishReason::Unspecified => "stop",
    }
}

pub(crate) fn usage(usage: Option<Usage>) -> Value {
    let usage = usage.unwrap_or_default();
    json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    })
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::{FinishReason, GenerateTextResponse, Token, Usage};
    use serde_json::json;

    use super::{Made, chat_answer, completion_answer};

    #[test]
    fn an_answer_has_the_fields_that_clients_read() {
        let answer = GenerateTextResponse {
            model: "stub".into(),
            text: "Hello.".into(),
            finish_reason: FinishReason::Length.into(),
            usage: Some(Usage { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
            tokens: vec![Token { id: 1, text: "Hello.".into(), logprob: Some(-0.5) }],
            ..GenerateTextResponse::default()
        };
        let made = Made { id: "7".into(), at: 1 };
        let chat = chat_answer(&made, &answer);
        assert_eq!((&chat["id"], &chat["object"]), (&json!("chatcmpl-7"), &json!("chat.completion")));
        let message = json!({"role": "assistant", "content": "Hello.", "refusal": null});
        assert_eq!(chat["choices"][0]["message"], message);
        assert_eq!(chat["choices"][0]["logprobs"]["content"][0]["token"], "Hello.");
        assert_eq!(chat["usage"], json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}));
        let text = &completion_answer(&made, &answer)["choices"][0];
        assert_eq!((&text["text"], &text["finish_reason"]), (&json!("Hello."), &json!("length")));
        assert_eq!(text["logprobs"]["token_logprobs"], json!([-0.5]));
    }
}
