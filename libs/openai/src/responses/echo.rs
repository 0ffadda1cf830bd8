//! A response, which repeats what was asked.

use proto::inference::v1 as wire;
use serde_json::{Map, Value, json};

use crate::{Made, fields::Fields, logprobs};

/// What of a request its response repeats.
#[derive(Debug)]
pub(crate) struct Echo(Map<String, Value>);

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    InProgress,
    Completed,
    /// It has as many tokens as it may.
    Incomplete,
    Failed,
}

impl State {
    /// How a generation has ended that ended by itself.
    pub(crate) fn after(reason: wire::FinishReason) -> Self {
        if reason == wire::FinishReason::Length { Self::Incomplete } else { Self::Completed }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

impl Echo {
    /// What a request with these fields repeats as it came.
    pub(crate) fn of(fields: &Fields) -> Self {
        let names = ["instructions", "max_output_tokens", "metadata", "safety_identifier", "user"];
        Self(names.into_iter().map(|name| (name.to_owned(), fields.get(name))).collect())
    }

    /// What was taken for what the request left open.
    pub(crate) fn sampled(&mut self, request: &wire::GenerateTextRequest) {
        let sampling = request.sampling.unwrap_or_default();
        self.0.insert("temperature".to_owned(), sampling.temperature.into());
        self.0.insert("top_p".to_owned(), sampling.top_p.unwrap_or(1.0).into());
    }

    /// The whole answer.
    pub(crate) fn answer(&self, made: &Made, answer: &wire::GenerateTextResponse) -> Value {
        let state = State::after(answer.finish_reason());
        let message = message(made, state, &[part(&answer.text, &answer.tokens)]);
        let mut response = self.response(made, &answer.model, state, &[message]);
        response["usage"] = usage(answer.usage);
        response
    }

    /// A response with this output, and without its usage.
    pub(crate) fn response(&self, made: &Made, model: &str, state: State, output: &[Value]) -> Value {
        let incomplete = (state == State::Incomplete).then(|| json!({"reason": "max_output_tokens"}));
        let mut response = json!({
            "id": format!("resp_{}", made.id),
            "object": "response",
            "created_at": made.at,
            "status": state.word(),
            "background": false,
            "error": null,
            "incomplete_details": incomplete,
            "max_tool_calls": null,
            "model": model,
            "output": output,
            "parallel_tool_calls": false,
            "previous_response_id": null,
            "reasoning": {"effort": null, "summary": null},
            "service_tier": "default",
            "store": false,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_logprobs": 0,
            "truncation": "disabled",
            "usage": null,
        });
        for (name, value) in &self.0 {
            response[name] = value.clone();
        }
        response
    }
}

/// The one item of output.
pub(crate) fn message(made: &Made, state: State, content: &[Value]) -> Value {
    json!({
        "id": message_id(made),
        "type": "message",
        "role": "assistant",
        "status": state.word(),
        "content": content,
    })
}

pub(crate) fn message_id(made: &Made) -> String {
    format!("msg_{}", made.id)
}

/// The one part of its content.
pub(crate) fn part(text: &str, tokens: &[wire::Token]) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs::list(tokens)})
}

pub(crate) fn usage(usage: Option<wire::Usage>) -> Value {
    let usage = usage.unwrap_or_default();
    json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.total_tokens,
    })
}

#[cfg(test)]
mod tests {
    use proto::inference::v1::{FinishReason, GenerateTextResponse, Usage};
    use serde_json::json;

    use crate::{Endpoint, Made};

    #[test]
    fn a_response_repeats_what_was_asked_and_says_why_it_ended() {
        let asked = Endpoint::Responses
            .read(json!({"model": "stub", "input": "Hi", "metadata": {"a": "b"}}))
            .unwrap();
        let answer = GenerateTextResponse {
            model: "stub".into(),
            text: "Hello.".into(),
            finish_reason: FinishReason::Length.into(),
            usage: Some(Usage { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }),
            ..GenerateTextResponse::default()
        };
        let told = asked.form.answer(&Made { id: "7".into(), at: 1 }, &answer);
        assert_eq!((&told["id"], &told["status"]), (&json!("resp_7"), &json!("incomplete")));
        assert_eq!(told["incomplete_details"]["reason"], "max_output_tokens");
        assert_eq!(told["output"][0]["content"][0]["text"], "Hello.");
        assert_eq!((&told["metadata"], &told["instructions"]), (&json!({"a": "b"}), &json!(null)));
        assert_eq!((&told["temperature"], &told["store"]), (&json!(1.0), &json!(false)));
        assert_eq!((&told["usage"]["input_tokens"], &told["usage"]["output_tokens"]), (&json!(3), &json!(2)));
    }
}
