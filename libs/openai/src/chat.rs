//! `/v1/chat/completions`: what is asked.

use proto::inference::v1 as wire;
use serde_json::Value;

use crate::{
    Asked, Form, OpenAiError,
    error::Problem,
    fields::Fields,
    form::{Face, streaming},
    idle::{Idle, NO_TOOLS, ONLY_TEXT, Parameter, is_text_format, take_idle},
    names::{Names, Prompt},
    sampling::shared,
};

const IDLE: [Parameter; 27] = [
    Parameter { name: "audio", idle: Idle::Null, instead: ONLY_TEXT },
    Parameter { name: "function_call", idle: Idle::Words(&["auto", "none"]), instead: NO_TOOLS },
    Parameter { name: "functions", idle: Idle::Empty, instead: NO_TOOLS },
    Parameter { name: "logit_bias", idle: Idle::Empty, instead: "leave it out" },
    Parameter { name: "metadata", idle: Idle::Object, instead: "" },
    Parameter { name: "modalities", idle: Idle::When(is_only_text), instead: ONLY_TEXT },
    Parameter { name: "moderation", idle: Idle::Null, instead: "leave it out" },
    Parameter { name: "n", idle: Idle::Number(1), instead: "only 1: send the request once for each" },
    Parameter { name: "parallel_tool_calls", idle: Idle::Flag, instead: "" },
    Parameter { name: "prediction", idle: Idle::Null, instead: "leave it out" },
    Parameter { name: "prompt_cache_key", idle: Idle::Text, instead: "" },
    Parameter { name: "prompt_cache_options", idle: Idle::Empty, instead: "leave it out" },
    Parameter {
        name: "prompt_cache_retention",
        idle: Idle::Words(&["in-memory", "in_memory"]),
        instead: "leave it out",
    },
    Parameter {
        name: "reasoning_effort",
        idle: Idle::Words(&["none"]),
        instead: "models here do not reason apart: leave it out",
    },
    Parameter {
        name: "response_format",
        idle: Idle::When(is_text_format),
        instead: "only {\"type\": \"text\"}: ask for the format in the prompt",
    },
    Parameter { name: "safety_identifier", idle: Idle::Text, instead: "" },
    Parameter {
        name: "service_tier",
        idle: Idle::Words(&["auto", "default"]),
        instead: "only auto and default",
    },
    Parameter { name: "store", idle: Idle::False, instead: "nothing is stored: leave it out" },
    Parameter { name: "tool_choice", idle: Idle::Words(&["auto", "none"]), instead: NO_TOOLS },
    Parameter { name: "tools", idle: Idle::Empty, instead: NO_TOOLS },
    Parameter {
        name: "top_logprobs",
        idle: Idle::Number(0),
        instead: "only 0: the log probability of each token that was taken",
    },
    Parameter { name: "user", idle: Idle::Text, instead: "" },
    Parameter { name: "verbosity", idle: Idle::Words(&["medium"]), instead: "ask for it in the prompt" },
    Parameter { name: "web_search_options", idle: Idle::Null, instead: NO_TOOLS },
    // Of other servers, in the values that their clients send by default.
    Parameter { name: "best_of", idle: Idle::Number(1), instead: "only 1" },
    Parameter { name: "echo", idle: Idle::False, instead: "leave it out" },
    Parameter { name: "skip_special_tokens", idle: Idle::When(is_true), instead: "only true" },
];

/// What stands in the messages that a client sends back as it got them.
const IDLE_IN_MESSAGES: [Parameter; 6] = [
    Parameter { name: "annotations", idle: Idle::Empty, instead: ONLY_TEXT },
    Parameter { name: "audio", idle: Idle::Null, instead: ONLY_TEXT },
    Parameter { name: "function_call", idle: Idle::Null, instead: NO_TOOLS },
    Parameter {
        name: "name",
        idle: Idle::Empty,
        instead: "chat templates know no names: put it into the content",
    },
    Parameter { name: "refusal", idle: Idle::Empty, instead: "send what was said as the content" },
    Parameter { name: "tool_calls", idle: Idle::Empty, instead: NO_TOOLS },
];

/// What stands in the parts of an answer that a client sends back.
const IDLE_IN_PARTS: [Parameter; 2] = [
    Parameter { name: "annotations", idle: Idle::Empty, instead: ONLY_TEXT },
    Parameter { name: "logprobs", idle: Idle::When(Value::is_array), instead: "leave it out" },
];

/// Reads a body.
pub(crate) fn read(body: Value) -> Result<Asked, OpenAiError> {
    let mut fields = Fields::of_body(body)?;
    let messages = fields.list("messages")?.ok_or_else(|| fields.missing("messages"))?;
    if messages.is_empty() {
        return Err(OpenAiError::parameter(Problem::Value, "messages", "expected one message or more"));
    }
    let messages = messages.into_iter().enumerate().map(|(index, message)| read_message(index, message));
    let (max_tokens, name) = length(&mut fields)?;
    let request = wire::GenerateTextRequest {
        messages: messages.collect::<Result<_, _>>()?,
        max_tokens,
        logprobs: fields.flag("logprobs")?.unwrap_or_default(),
        ..shared(&mut fields)?
    };
    let stream = streaming(&mut fields)?;
    take_idle(&mut fields, &IDLE)?;
    fields.finish()?;
    let names = Names { max_tokens: name, prompt: Prompt::Messages };
    let form = Form::new(Face::Chat, names, stream, &request);
    Ok(Asked { request, form })
}

/// The limit of the length, and what it was called.
fn length(fields: &mut Fields) -> Result<(u32, &'static str), OpenAiError> {
    let (new, old) = ("max_completion_tokens", "max_tokens");
    match (fields.count(new, 1)?, fields.count(old, 1)?) {
        (Some(tokens), Some(other)) if tokens != other => {
            let rule = format!("is {other}, while {new} is {tokens}: give one of them");
            Err(OpenAiError::parameter(Problem::Value, old, rule))
        }
        (Some(tokens), _) => Ok((tokens, new)),
        (None, tokens) => Ok((tokens.unwrap_or_default(), old)),
    }
}

fn read_message(index: usize, message: Value) -> Result<wire::Message, OpenAiError> {
    let mut fields = Fields::of(&format!("messages[{index}]"), message)?;
    let role = read_role(&mut fields)?;
    let content = fields.take("content").ok_or_else(|| fields.missing("content"))?;
    let text = read_content(&fields.path_of("content"), content, &["text"])?;
    take_idle(&mut fields, &IDLE_IN_MESSAGES)?;
    fields.finish()?;
    Ok(wire::Message { role, text })
}

pub(crate) fn read_role(fields: &mut Fields) -> Result<String, OpenAiError> {
    let role = fields.text("role")?.ok_or_else(|| fields.missing("role"))?;
    match role.as_str() {
        "system" | "user" | "assistant" => Ok(role),
        // The newer name of the same role.
        "developer" => Ok("system".to_owned()),
        _ => {
            let rule = "expected system, developer, user or assistant: no tools are called here";
            Err(OpenAiError::unsupported(&fields.path_of("role"), rule))
        }
    }
}

/// Text, alone or in parts of these types.
pub(crate) fn read_content(path: &str, content: Value, types: &[&str]) -> Result<String, OpenAiError> {
    match content {
        Value::String(text) => Ok(text),
        Value::Array(parts) => {
            let parts = parts.into_iter().enumerate();
            parts.map(|(index, part)| read_part(&format!("{path}[{index}]"), part, types)).collect()
        }
        other => Err(OpenAiError::of_type(path, "a string or an array of parts", &other)),
    }
}

fn read_part(path: &str, part: Value, types: &[&str]) -> Result<String, OpenAiError> {
    let mut fields = Fields::of(path, part)?;
    let kind = fields.text("type")?.ok_or_else(|| fields.missing("type"))?;
    if !types.contains(&kind.as_str()) {
        let rule = format!("expected {}: models here read only text", types.join(" or "));
        return Err(OpenAiError::unsupported(&fields.path_of("type"), rule));
    }
    let text = fields.text("text")?.ok_or_else(|| fields.missing("text"))?;
    take_idle(&mut fields, &IDLE_IN_PARTS)?;
    fields.finish()?;
    Ok(text)
}

fn is_only_text(value: &Value) -> bool {
    value.as_array().is_some_and(|kinds| kinds.iter().all(|kind| kind == "text"))
}

fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true)
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::read;

    fn with(key: &str, value: Value) -> Value {
        let mut body = json!({"model": "stub", "messages": [{"role": "user", "content": "Hi"}]});
        body[key] = value;
        body
    }

    fn wrong(body: Value) -> (String, String) {
        let error = read(body).err().unwrap();
        let parameter = error.violations().first().map(|it| it.field.clone()).unwrap_or_default();
        (parameter, error.public_message().into_owned())
    }

    #[test]
    fn a_conversation_reaches_the_contract() {
        let body = json!({
            "model": "stub",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "assistant", "content": "Yes?", "refusal": null, "annotations": [], "tool_calls": null},
                {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
            ],
            "max_completion_tokens": 9, "logprobs": true, "seed": 4,
        });
        let asked = read(body).unwrap();
        let request = asked.request;
        assert_eq!((request.model.as_str(), request.max_tokens, request.logprobs), ("stub", 9, true));
        let said: Vec<_> = request.messages.iter().map(|it| (it.role.as_str(), it.text.as_str())).collect();
        assert_eq!(said, [("system", "Be brief."), ("assistant", "Yes?"), ("user", "Hello")]);
        assert_eq!(asked.form.name_of("max_tokens"), "max_completion_tokens");
        assert!(!asked.form.streams());
    }

    #[test]
    fn what_asks_for_nothing_is_taken() {
        for (key, value) in [
            ("tools", json!([])),
            ("tool_choice", json!("none")),
            ("parallel_tool_calls", json!(true)),
            ("logit_bias", json!({})),
            ("n", json!(1)),
            ("store", json!(false)),
            ("user", json!("u")),
            ("metadata", json!({"a": "b"})),
            ("response_format", json!({"type": "text"})),
            ("modalities", json!(["text"])),
            ("top_logprobs", json!(0)),
            ("stream", json!(false)),
            ("stream_options", Value::Null),
            ("whatever", Value::Null),
        ] {
            assert!(read(with(key, value)).is_ok(), "{key}");
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (key, value) in [
            ("tools", json!([{"type": "function"}])),
            ("tool_choice", json!("required")),
            ("functions", json!([{}])),
            ("logit_bias", json!({"50256": -100})),
            ("response_format", json!({"type": "json_object"})),
            ("n", json!(2)),
            ("n", json!("1")),
            ("audio", json!({})),
            ("modalities", json!(["audio"])),
            ("prediction", json!({})),
            ("store", json!(true)),
            ("top_logprobs", json!(2)),
            ("web_search_options", json!({})),
            ("reasoning_effort", json!("high")),
            ("max_tokens", json!(0)),
            ("max_tokens", json!("9")),
            ("user", json!(7)),
            ("unheard_of", json!(1)),
            ("messages", json!([])),
            ("messages", json!("Hi")),
            ("messages", Value::Null),
        ] {
            let (parameter, said) = wrong(with(key, value.clone()));
            assert_eq!(parameter, key, "{value}: {said}");
            assert!(said.starts_with(key), "{said}");
        }
    }

    #[test]
    fn what_is_wrong_within_a_message_is_named_with_its_place() {
        for (message, parameter) in [
            (json!({"role": "tool", "content": "x", "tool_call_id": "1"}), "messages[0].role"),
            (json!({"content": "x"}), "messages[0].role"),
            (json!({"role": "user"}), "messages[0].content"),
            (json!({"role": "user", "content": 7}), "messages[0].content"),
            (json!({"role": "user", "content": [{"type": "image_url"}]}), "messages[0].content[0].type"),
            (json!({"role": "user", "content": [{"type": "text"}]}), "messages[0].content[0].text"),
            (json!({"role": "user", "content": "x", "name": "Ann"}), "messages[0].name"),
            (json!({"role": "assistant", "content": "x", "tool_calls": [{}]}), "messages[0].tool_calls"),
            (json!({"role": "user", "content": "x", "mood": "good"}), "messages[0].mood"),
            (json!("Hi"), "messages[0]"),
        ] {
            assert_eq!(wrong(with("messages", json!([message]))).0, parameter, "{message}");
        }
    }

    #[test]
    fn two_limits_of_the_length_have_to_agree() {
        let mut body = with("max_tokens", json!(5));
        body["max_completion_tokens"] = json!(5);
        assert_eq!(read(body.clone()).unwrap().request.max_tokens, 5);
        body["max_tokens"] = json!(6);
        assert_eq!(wrong(body).0, "max_tokens");
    }
}
