//! `/v1/responses`: what is asked, as text. Nothing is stored, so each request brings its whole conversation.

pub(crate) mod echo;

use proto::inference::v1 as wire;
use serde_json::Value;

pub(crate) use echo::Echo;

use crate::{
    Asked, Form, OpenAiError,
    chat::{read_content, read_role},
    error::Problem,
    fields::Fields,
    form::{Face, streaming},
    idle::{Idle, NO_TOOLS, ONLY_TEXT, Parameter, is_text_format, take_idle},
    names::{Names, Prompt},
    sampling::shared,
};

const NOT_STORED: &str = "nothing is stored: send the whole conversation as input";
const LOGPROBS: &str = "message.output_text.logprobs";

const IDLE: [Parameter; 27] = [
    Parameter { name: "access_programs", idle: Idle::Null, instead: "leave it out" },
    Parameter { name: "background", idle: Idle::False, instead: "a job does that: see CreateJob" },
    Parameter { name: "background_options", idle: Idle::Null, instead: "a job does that: see CreateJob" },
    Parameter { name: "context_management", idle: Idle::Empty, instead: "leave it out" },
    Parameter { name: "conversation", idle: Idle::Null, instead: NOT_STORED },
    Parameter { name: "image", idle: Idle::Null, instead: ONLY_TEXT },
    Parameter { name: "logit_bias", idle: Idle::Empty, instead: "leave it out" },
    Parameter { name: "max_tool_calls", idle: Idle::When(Value::is_u64), instead: NO_TOOLS },
    Parameter { name: "metadata", idle: Idle::Object, instead: "" },
    Parameter { name: "moderation", idle: Idle::Null, instead: "leave it out" },
    Parameter { name: "n", idle: Idle::Number(1), instead: "only 1: send the request once for each" },
    Parameter { name: "parallel_tool_calls", idle: Idle::Flag, instead: "" },
    Parameter { name: "previous_response_id", idle: Idle::Null, instead: NOT_STORED },
    Parameter { name: "prompt", idle: Idle::Null, instead: "no templates are kept: send its text as input" },
    Parameter { name: "prompt_cache_key", idle: Idle::Text, instead: "" },
    Parameter { name: "prompt_cache_options", idle: Idle::Empty, instead: "leave it out" },
    Parameter {
        name: "prompt_cache_retention",
        idle: Idle::Words(&["in-memory", "in_memory"]),
        instead: "leave it out",
    },
    Parameter {
        name: "reasoning",
        idle: Idle::When(is_no_reasoning),
        instead: "models here do not reason apart: leave it out",
    },
    Parameter { name: "safety_identifier", idle: Idle::Text, instead: "" },
    Parameter {
        name: "service_tier",
        idle: Idle::Words(&["auto", "default"]),
        instead: "only auto and default",
    },
    Parameter { name: "store", idle: Idle::False, instead: "nothing is stored: make it false" },
    Parameter {
        name: "text",
        idle: Idle::When(is_plain_text),
        instead: "only text as it comes: ask for the format in the prompt",
    },
    Parameter { name: "tool_choice", idle: Idle::Words(&["auto", "none"]), instead: NO_TOOLS },
    Parameter { name: "tools", idle: Idle::Empty, instead: NO_TOOLS },
    Parameter {
        name: "top_logprobs",
        idle: Idle::Number(0),
        instead: "only 0: the log probability of each token that was taken",
    },
    Parameter {
        name: "truncation",
        idle: Idle::Words(&["disabled"]),
        instead: "leave out old input yourself",
    },
    Parameter { name: "user", idle: Idle::Text, instead: "" },
];

/// What stands in the items that a client sends back as it got them.
const IDLE_IN_ITEMS: [Parameter; 3] = [
    Parameter { name: "id", idle: Idle::Text, instead: "" },
    Parameter { name: "phase", idle: Idle::Text, instead: "" },
    Parameter { name: "status", idle: Idle::Text, instead: "" },
];

/// Reads a body.
pub(crate) fn read(body: Value) -> Result<Asked, OpenAiError> {
    let mut fields = Fields::of_body(body)?;
    let mut echo = Echo::of(&fields);
    let instructions = fields.text("instructions")?;
    let input = fields.take("input").ok_or_else(|| fields.missing("input"))?;
    let prompt = Prompt::Input { instructed: instructions.is_some(), list: input.is_array() };
    let system = instructions.map(|text| wire::Message { role: "system".to_owned(), text });
    let messages = system.into_iter().chain(read_input(input)?).collect();
    let request = wire::GenerateTextRequest {
        messages,
        max_tokens: fields.count("max_output_tokens", 1)?.unwrap_or_default(),
        logprobs: read_include(&mut fields)?,
        ..shared(&mut fields)?
    };
    let stream = streaming(&mut fields)?;
    take_idle(&mut fields, &IDLE)?;
    fields.finish()?;
    echo.sampled(&request);
    let names = Names { max_tokens: "max_output_tokens", prompt };
    let form = Form::new(Face::Response(Box::new(echo)), names, stream, &request);
    Ok(Asked { request, form })
}

fn read_input(input: Value) -> Result<Vec<wire::Message>, OpenAiError> {
    match input {
        Value::String(text) => Ok(vec![wire::Message { role: "user".to_owned(), text }]),
        Value::Array(items) if items.is_empty() => {
            Err(OpenAiError::parameter(Problem::Value, "input", "expected one message or more"))
        }
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(index, item)| read_item(index, item)).collect()
        }
        other => Err(OpenAiError::of_type("input", "a string or an array of messages", &other)),
    }
}

fn read_item(index: usize, item: Value) -> Result<wire::Message, OpenAiError> {
    let mut fields = Fields::of(&format!("input[{index}]"), item)?;
    let kind = fields.text("type")?;
    if kind.is_some_and(|kind| kind != "message") {
        let rule = "expected message: only conversations in text are taken";
        return Err(OpenAiError::unsupported(&fields.path_of("type"), rule));
    }
    let role = read_role(&mut fields)?;
    let content = fields.take("content").ok_or_else(|| fields.missing("content"))?;
    let text = read_content(&fields.path_of("content"), content, &["input_text", "output_text"])?;
    take_idle(&mut fields, &IDLE_IN_ITEMS)?;
    fields.finish()?;
    Ok(wire::Message { role, text })
}

/// Whether log probabilities are to be told.
fn read_include(fields: &mut Fields) -> Result<bool, OpenAiError> {
    let wanted = fields.list("include")?.unwrap_or_default();
    match wanted.iter().position(|wanted| wanted != LOGPROBS) {
        None => Ok(!wanted.is_empty()),
        Some(index) => {
            let rule = format!("only {LOGPROBS} can be included");
            Err(OpenAiError::unsupported(&format!("include[{index}]"), rule))
        }
    }
}

/// An object that asks for no reasoning.
fn is_no_reasoning(value: &Value) -> bool {
    value.as_object().is_some_and(|wanted| wanted.values().all(|wanted| wanted.is_null() || wanted == "none"))
}

/// An object that asks for text as it comes.
fn is_plain_text(value: &Value) -> bool {
    let plain = |(name, wanted): (&String, &Value)| match name.as_str() {
        _ if wanted.is_null() => true,
        "format" => is_text_format(wanted),
        "verbosity" => wanted == "medium",
        _ => false,
    };
    value.as_object().is_some_and(|wanted| wanted.iter().all(plain))
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::read;

    fn wrong(body: Value) -> String {
        read(body).err().unwrap().violations()[0].field.clone()
    }

    #[test]
    fn a_text_is_one_message_and_instructions_come_first() {
        let body = json!({"model": "stub", "input": "Hi", "instructions": "Be brief.", "max_output_tokens": 9,
            "include": ["message.output_text.logprobs"], "store": false, "temperature": 0.5});
        let asked = read(body).unwrap();
        let request = asked.request;
        let said: Vec<_> = request.messages.iter().map(|it| (it.role.as_str(), it.text.as_str())).collect();
        assert_eq!(said, [("system", "Be brief."), ("user", "Hi")]);
        assert_eq!((request.max_tokens, request.logprobs), (9, true));
        assert_eq!(asked.form.name_of("messages[1].text"), "input");
    }

    #[test]
    fn an_answer_can_be_sent_back_as_it_came() {
        let body = json!({"model": "stub", "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
             "content": [{"type": "output_text", "text": "Yes?", "annotations": [], "logprobs": []}]},
            {"type": "message", "role": "user", "content": "Go on."},
        ]});
        let asked = read(body).unwrap();
        let said: Vec<_> = asked.request.messages.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(said, ["Hi", "Yes?", "Go on."]);
        assert_eq!(asked.form.name_of("messages[2].role"), "input[2].role");
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (key, value, name) in [
            ("previous_response_id", json!("resp_1"), "previous_response_id"),
            ("conversation", json!("conv_1"), "conversation"),
            ("store", json!(true), "store"),
            ("background", json!(true), "background"),
            ("tools", json!([{"type": "web_search"}]), "tools"),
            ("truncation", json!("auto"), "truncation"),
            ("reasoning", json!({"effort": "high"}), "reasoning"),
            ("text", json!({"format": {"type": "json_schema"}}), "text"),
            ("text", json!({"verbosity": "low"}), "text"),
            ("include", json!(["file_search_call.results"]), "include[0]"),
            ("input", json!([]), "input"),
            ("input", json!(7), "input"),
            ("input", Value::Null, "input"),
            ("input", json!([{"type": "function_call_output"}]), "input[0].type"),
            (
                "input",
                json!([{"role": "user", "content": [{"type": "input_image"}]}]),
                "input[0].content[0].type",
            ),
            ("max_tokens", json!(3), "max_tokens"),
        ] {
            let mut body = json!({"model": "stub", "input": "Hi"});
            body[key] = value.clone();
            assert_eq!(wrong(body), name, "{value}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_taken() {
        for (key, value) in [
            ("reasoning", json!({"effort": null, "summary": null})),
            ("text", json!({"format": {"type": "text"}, "verbosity": "medium"})),
            ("tools", json!([])),
            ("truncation", json!("disabled")),
            ("previous_response_id", Value::Null),
        ] {
            let mut body = json!({"model": "stub", "input": "Hi"});
            body[key] = value;
            assert!(read(body).is_ok(), "{key}");
        }
    }
}
