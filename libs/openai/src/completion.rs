//! `/v1/completions`: what is asked.

use proto::inference::v1 as wire;
use serde_json::Value;

use crate::{
    Asked, Form, OpenAiError,
    error::Problem,
    fields::Fields,
    form::{Face, streaming},
    idle::{Idle, Parameter, take_idle},
    names::{Names, Prompt},
    sampling::{shared, texts},
};

/// What OpenAI's interface assumes, where a chat ends by itself.
const DEFAULT_TOKENS: u32 = 16;

const IDLE: [Parameter; 10] = [
    Parameter { name: "best_of", idle: Idle::Number(1), instead: "only 1: send the request once for each" },
    Parameter { name: "echo", idle: Idle::False, instead: "put the prompt before the answer yourself" },
    Parameter { name: "logit_bias", idle: Idle::Empty, instead: "leave it out" },
    Parameter { name: "metadata", idle: Idle::Object, instead: "" },
    Parameter { name: "n", idle: Idle::Number(1), instead: "only 1: send the request once for each" },
    Parameter { name: "prompt_cache_key", idle: Idle::Text, instead: "" },
    Parameter { name: "safety_identifier", idle: Idle::Text, instead: "" },
    Parameter { name: "store", idle: Idle::False, instead: "nothing is stored: leave it out" },
    Parameter { name: "suffix", idle: Idle::Empty, instead: "leave it out" },
    Parameter { name: "user", idle: Idle::Text, instead: "" },
];

/// Reads a body.
pub(crate) fn read(body: Value) -> Result<Asked, OpenAiError> {
    let mut fields = Fields::of_body(body)?;
    let prompt = read_prompt(&mut fields)?;
    let request = wire::GenerateTextRequest {
        prompt,
        max_tokens: fields.count("max_tokens", 1)?.unwrap_or(DEFAULT_TOKENS),
        logprobs: read_logprobs(&mut fields)?,
        ..shared(&mut fields)?
    };
    let stream = streaming(&mut fields)?;
    take_idle(&mut fields, &IDLE)?;
    fields.finish()?;
    let names = Names { max_tokens: "max_tokens", prompt: Prompt::Text };
    let form = Form::new(Face::Completion, names, stream, &request);
    Ok(Asked { request, form })
}

fn read_prompt(fields: &mut Fields) -> Result<String, OpenAiError> {
    let mut prompts = texts(fields, "prompt")?.ok_or_else(|| fields.missing("prompt"))?;
    let (Some(prompt), true) = (prompts.pop(), prompts.is_empty()) else {
        return Err(OpenAiError::unsupported("prompt", "expected one text: send the others on their own"));
    };
    if prompt.is_empty() {
        return Err(OpenAiError::parameter(Problem::Value, "prompt", "expected a text that is not empty"));
    }
    Ok(prompt)
}

/// Here it is the number of other likely tokens that are told of; 0 tells of the one that was taken.
fn read_logprobs(fields: &mut Fields) -> Result<bool, OpenAiError> {
    match fields.count("logprobs", 0)? {
        None => Ok(false),
        Some(0) => Ok(true),
        Some(_) => {
            let rule = "only 0 is supported: the log probability of each token that was taken";
            Err(OpenAiError::unsupported("logprobs", rule))
        }
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::json;

    use super::read;

    #[test]
    fn one_text_is_continued_and_no_more() {
        for prompt in [json!("Once"), json!(["Once"])] {
            let body =
                json!({"model": "stub", "prompt": prompt, "max_tokens": 3, "logprobs": 0, "best_of": 1});
            let request = read(body).unwrap().request;
            assert_eq!((request.prompt.as_str(), request.max_tokens, request.logprobs), ("Once", 3, true));
        }
        assert_eq!(read(json!({"prompt": "Once"})).unwrap().request.max_tokens, 16);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (key, value) in [
            ("prompt", json!([])),
            ("prompt", json!(["a", "b"])),
            ("prompt", json!("")),
            ("prompt", json!(null)),
            ("suffix", json!("b")),
            ("echo", json!(true)),
            ("best_of", json!(2)),
            ("n", json!(2)),
            ("logprobs", json!(5)),
            ("logprobs", json!(true)),
            ("logit_bias", json!({"1": 1})),
            ("messages", json!([])),
        ] {
            let mut body = json!({"model": "stub", "prompt": "Once"});
            body[key] = value.clone();
            let error = read(body).err().unwrap();
            assert_eq!(error.violations()[0].field, key, "{value}");
        }
        let tokens = read(json!({"prompt": [1, 2]})).err().unwrap();
        assert_eq!(tokens.violations()[0].field, "prompt[0]");
    }
}
