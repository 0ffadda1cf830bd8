//! `/v1/completions`.

use proto::inference::v1 as wire;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    OpenAiError,
    sampling::{OneOrMany, Parameters},
};

/// A request to continue a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompletionRequest {
    model: Option<String>,
    prompt: OneOrMany,
    max_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    seed: Option<i64>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    stop: Option<OneOrMany>,
    n: Option<u32>,
    stream: Option<bool>,
    /// Who asks, which changes nothing.
    #[serde(rename = "user")]
    _user: Option<String>,
}

impl CompletionRequest {
    /// Reads a body.
    pub fn from_json(body: Value) -> Result<Self, OpenAiError> {
        Ok(serde_json::from_value(body)?)
    }

    /// The same request in our contract. Its `model` is empty where none was given.
    pub fn into_request(self) -> Result<wire::GenerateTextRequest, OpenAiError> {
        let parameters = Parameters {
            temperature: self.temperature,
            top_p: self.top_p,
            seed: self.seed,
            presence_penalty: self.presence_penalty,
            frequency_penalty: self.frequency_penalty,
            stop: self.stop,
            max_tokens: self.max_tokens,
            n: self.n,
            stream: self.stream,
        };
        let mut prompts = self.prompt.into_vec();
        let (Some(prompt), true) = (prompts.pop(), prompts.is_empty()) else {
            return Err(OpenAiError::unsupported(
                "prompt",
                "expected one text: send the others on their own",
            ));
        };
        Ok(wire::GenerateTextRequest {
            model: self.model.unwrap_or_default(),
            prompt,
            ..parameters.request()?
        })
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::json;

    use super::CompletionRequest;

    #[test]
    fn one_text_is_continued_and_no_more() {
        for prompt in [json!("Once"), json!(["Once"])] {
            let body = json!({"model": "stub", "prompt": prompt, "max_tokens": 3});
            let request = CompletionRequest::from_json(body).unwrap().into_request().unwrap();
            assert_eq!((request.prompt.as_str(), request.max_tokens), ("Once", 3));
        }
        for prompt in [json!([]), json!(["a", "b"]), json!([1, 2])] {
            let body = json!({"model": "stub", "prompt": prompt});
            assert!(CompletionRequest::from_json(body).and_then(CompletionRequest::into_request).is_err());
        }
        let unknown = CompletionRequest::from_json(json!({"prompt": "a", "suffix": "b"})).unwrap_err();
        assert!(unknown.public_message().contains("suffix"), "{unknown}");
    }
}
