//! `/v1/chat/completions`.

use proto::inference::v1 as wire;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    OpenAiError,
    sampling::{OneOrMany, Parameters},
};

/// A request for the next message of a conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChatRequest {
    model: Option<String>,
    messages: Vec<Message>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    seed: Option<i64>,
    presence_penalty: Option<f32>,
    frequency_penalty: Option<f32>,
    stop: Option<OneOrMany>,
    n: Option<u32>,
    stream: Option<bool>,
    /// There is one, so that it was named is enough.
    #[serde(rename = "response_format")]
    _response_format: Option<ResponseFormat>,
    /// Who asks and why, which changes nothing.
    #[serde(rename = "user")]
    _user: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: String,
    content: Content,
    /// The speaker's name; chat templates here know none.
    #[serde(rename = "name")]
    _name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Part {
    Text { text: String },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum ResponseFormat {
    Text,
}

impl ChatRequest {
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
            max_tokens: self.max_completion_tokens.or(self.max_tokens),
            n: self.n,
            stream: self.stream,
        };
        Ok(wire::GenerateTextRequest {
            model: self.model.unwrap_or_default(),
            messages: self.messages.into_iter().map(Message::into_wire).collect(),
            ..parameters.request()?
        })
    }
}

impl Message {
    fn into_wire(self) -> wire::Message {
        let text = match self.content {
            Content::Text(text) => text,
            Content::Parts(parts) => parts.into_iter().map(|Part::Text { text }| text).collect(),
        };
        // The newer name of the same role.
        let role = if self.role == "developer" { "system".to_owned() } else { self.role };
        wire::Message { role, text }
    }
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::json;

    use super::ChatRequest;

    #[test]
    fn every_parameter_reaches_the_contract() {
        let body = json!({
            "model": "stub",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
            ],
            "max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "seed": -1, "stop": "END",
            "presence_penalty": 0.1, "frequency_penalty": 0.2, "n": 1, "stream": false,
            "response_format": {"type": "text"}, "user": "u", "metadata": {"a": "b"},
        });
        let request = ChatRequest::from_json(body).unwrap().into_request().unwrap();
        let sampling = request.sampling.unwrap();
        assert_eq!((request.model.as_str(), request.max_tokens), ("stub", 9));
        assert_eq!(
            (request.messages[0].role.as_str(), request.messages[1].text.as_str()),
            ("system", "Hello")
        );
        assert_eq!((sampling.temperature, sampling.top_p, sampling.seed), (0.5, Some(0.9), Some(u64::MAX)));
        assert_eq!((sampling.presence_penalty, sampling.frequency_penalty), (0.1, 0.2));
        assert_eq!(request.stop.unwrap().strings, ["END"]);
    }

    #[test]
    fn without_a_temperature_the_text_is_drawn_as_clients_expect() {
        let body = json!({"messages": [{"role": "user", "content": "Hi"}]});
        let request = ChatRequest::from_json(body).unwrap().into_request().unwrap();
        assert_eq!(request.sampling.unwrap().temperature.to_bits(), 1.0_f32.to_bits());
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (key, value) in [
            ("tools", json!([])),
            ("logit_bias", json!({})),
            ("response_format", json!({"type": "json_object"})),
            ("n", json!(2)),
            ("stream", json!(true)),
            ("max_tokens", json!(0)),
        ] {
            let mut body = json!({"messages": [{"role": "user", "content": "Hi"}]});
            body[key] = value;
            let error = ChatRequest::from_json(body).and_then(ChatRequest::into_request).unwrap_err();
            let said = error.public_message().into_owned();
            assert!(said.contains(key) || said.contains("json_object"), "{key}: {said}");
        }
    }
}
