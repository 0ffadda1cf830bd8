//! What is remembered of a request until its answer: which endpoint it came to, and how the answer is to come.

use proto::inference::v1 as wire;
use serde_json::Value;

use crate::{
    Made, OpenAiError, Teller,
    answer::{chat_answer, completion_answer},
    chat, completion,
    error::Problem,
    fields::Fields,
    names::Names,
    responses::{self, Echo},
    stream::{Chunks, ResponseEvents},
};

/// The endpoints that generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/v1/chat/completions`.
    Chat,
    /// `/v1/completions`.
    Completions,
    /// `/v1/responses`.
    Responses,
}

/// A request, as our contract has it.
#[derive(Debug)]
pub struct Asked {
    /// What to generate. Its `model` is empty where none was given.
    pub request: wire::GenerateTextRequest,
    /// How to answer.
    pub form: Form,
}

/// How a request is to be answered.
#[derive(Debug)]
pub struct Form {
    face: Face,
    names: Names,
    stream: Option<Streaming>,
    model: String,
    logprobs: bool,
}

/// What an answer looks like.
#[derive(Debug)]
pub(crate) enum Face {
    Chat,
    Completion,
    Response(Box<Echo>),
}

/// How a stream is to come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Streaming {
    /// Whether the last chunk tells what was consumed.
    pub(crate) usage: bool,
}

impl Endpoint {
    /// Reads a body.
    pub fn read(self, body: Value) -> Result<Asked, OpenAiError> {
        match self {
            Self::Chat => chat::read(body),
            Self::Completions => completion::read(body),
            Self::Responses => responses::read(body),
        }
    }

    /// Reads the bytes of a body.
    pub fn read_bytes(self, body: &[u8]) -> Result<Asked, OpenAiError> {
        self.read(read_json(body)?)
    }
}

/// Reads JSON in which nothing is given twice: of two values of one parameter, one would be passed over.
pub fn read_json(bytes: &[u8]) -> Result<Value, OpenAiError> {
    Ok(strictjson::read(bytes, strictjson::MAX_DEPTH)?)
}

impl Form {
    pub(crate) fn new(
        face: Face,
        names: Names,
        stream: Option<Streaming>,
        request: &wire::GenerateTextRequest,
    ) -> Self {
        Self { face, names, stream, model: request.model.clone(), logprobs: request.logprobs }
    }

    /// Whether a stream of events was asked for.
    pub fn streams(&self) -> bool {
        self.stream.is_some()
    }

    /// What the caller calls a field of the contract, such as `sampling.top_p`.
    pub fn name_of(&self, field: &str) -> String {
        self.names.of(field)
    }

    /// The whole answer.
    pub fn answer(&self, made: &Made, answer: &wire::GenerateTextResponse) -> Value {
        match &self.face {
            Face::Chat => chat_answer(made, answer),
            Face::Completion => completion_answer(made, answer),
            Face::Response(echo) => echo.answer(made, answer),
        }
    }

    /// What tells the events of a stream.
    pub fn teller(self, made: Made) -> Box<dyn Teller> {
        let usage = self.stream.unwrap_or_default().usage;
        match self.face {
            Face::Chat => Box::new(Chunks::of_chat(&made, self.model, usage)),
            Face::Completion => Box::new(Chunks::of_completion(&made, self.model, usage)),
            Face::Response(echo) => Box::new(ResponseEvents::new(made, self.model, *echo, self.logprobs)),
        }
    }
}

/// Whether and how a request is to be answered by events.
pub(crate) fn streaming(fields: &mut Fields) -> Result<Option<Streaming>, OpenAiError> {
    let stream = fields.flag("stream")?.unwrap_or_default();
    let path = "stream_options";
    let Some(options) = fields.take(path) else { return Ok(stream.then(Streaming::default)) };
    let mut options = Fields::of(path, options)?;
    let usage = options.flag("include_usage")?.unwrap_or_default();
    if options.flag("include_obfuscation")?.unwrap_or_default() {
        let rule = "events are not padded here: leave it out, or make it false";
        return Err(OpenAiError::unsupported(&options.path_of("include_obfuscation"), rule));
    }
    options.finish()?;
    if !stream {
        return Err(OpenAiError::parameter(
            Problem::Value,
            path,
            "is only for requests whose stream is true",
        ));
    }
    Ok(Some(Streaming { usage }))
}

#[cfg(test)]
mod tests {
    use fault::Fault;
    use serde_json::{Value, json};

    use super::{Endpoint, streaming};
    use crate::fields::Fields;

    fn asked(body: Value) -> Result<Option<bool>, String> {
        let streaming = streaming(&mut Fields::of_body(body).unwrap());
        streaming
            .map(|streaming| streaming.map(|streaming| streaming.usage))
            .map_err(|error| error.violations()[0].field.clone())
    }

    #[test]
    fn a_stream_and_its_usage_are_asked_for_apart() {
        assert_eq!(asked(json!({})), Ok(None));
        assert_eq!(asked(json!({"stream": true})), Ok(Some(false)));
        assert_eq!(asked(json!({"stream": true, "stream_options": {"include_usage": true}})), Ok(Some(true)));
        let unpadded = json!({"stream": true, "stream_options": {"include_obfuscation": false}});
        assert_eq!(asked(unpadded), Ok(Some(false)));
    }

    #[test]
    fn nothing_is_given_twice() {
        for (endpoint, body, name) in [
            (Endpoint::Completions, r#"{"model": "a", "prompt": "x", "model": "b"}"#, "model"),
            (Endpoint::Completions, r#"{"prompt": "x", "n": null, "n": 1}"#, "n"),
            (
                Endpoint::Chat,
                r#"{"messages": [{"role": "user", "content": "a", "content": "b"}]}"#,
                "messages[0].content",
            ),
            (Endpoint::Responses, r#"{"input": "x", "metadata": {"a": "1", "a": "2"}}"#, "metadata.a"),
        ] {
            let error = endpoint.read_bytes(body.as_bytes()).unwrap_err();
            assert_eq!(error.public_message(), format!("{name}: is given twice"), "{body}");
            assert_eq!(error.reason(), "MALFORMED_JSON");
            assert_eq!(error.violations()[0].field, name);
        }
    }

    #[test]
    fn options_of_no_stream_and_unknown_ones_are_named() {
        for (body, name) in [
            (json!({"stream_options": {"include_usage": true}}), "stream_options"),
            (json!({"stream": true, "stream_options": true}), "stream_options"),
            (json!({"stream": true, "stream_options": {"pace": 1}}), "stream_options.pace"),
            (
                json!({"stream": true, "stream_options": {"include_obfuscation": true}}),
                "stream_options.include_obfuscation",
            ),
            (json!({"stream": "yes"}), "stream"),
        ] {
            assert_eq!(asked(body), Err(name.to_owned()));
        }
    }
}
