//! Requests that cannot be wrong any more, but for what depends on the model.

use std::time::Instant;

use contract::{Invalid, Prompt, check_counting, check_source};
use engine::{Request, Sampling, Stop};
use proto::inference::v1 as wire;

/// A checked request for text.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The id of the model.
    pub(crate) model: String,
    /// What to generate from.
    pub(crate) prompt: Prompt,
    sampling: Sampling,
    stop: Stop,
    max_tokens: Option<u32>,
    logprobs: bool,
}

impl TryFrom<wire::GenerateTextRequest> for Ask {
    type Error = Invalid;

    fn try_from(request: wire::GenerateTextRequest) -> Result<Self, Invalid> {
        check_source(&request.model, &request.messages, &request.prompt)?;
        Ok(Self {
            model: request.model,
            prompt: Prompt::new(request.messages, request.prompt)?,
            sampling: request.sampling.map_or_else(Sampling::default, sampling),
            stop: request.stop.map_or_else(Stop::default, stop),
            max_tokens: (request.max_tokens > 0).then_some(request.max_tokens),
            logprobs: request.logprobs,
        })
    }
}

impl Ask {
    /// The engine's request, once the prompt has become `tokens`.
    pub(crate) fn into_request(self, tokens: Vec<u32>, deadline: Option<Instant>) -> Request {
        Request {
            prompt: tokens,
            prompt_field: field(&self.prompt),
            sampling: self.sampling,
            stop: self.stop,
            max_tokens: self.max_tokens,
            logprobs: self.logprobs,
            deadline,
            trace: rpc::kept_trace(),
        }
    }
}

/// The model and the prompt whose tokens are to be counted.
pub(crate) fn counted(request: wire::CountTokensRequest) -> Result<(String, Prompt), Invalid> {
    check_counting(&request)?;
    Ok((request.model, Prompt::new(request.messages, request.prompt)?))
}

/// The field that a prompt came in.
fn field(prompt: &Prompt) -> &'static str {
    match prompt {
        Prompt::Messages(_) => "messages",
        Prompt::Text(_) => "prompt",
    }
}

fn sampling(sampling: wire::Sampling) -> Sampling {
    Sampling {
        temperature: sampling.temperature,
        top_k: sampling.top_k,
        top_p: sampling.top_p.unwrap_or(1.0),
        min_p: sampling.min_p,
        seed: sampling.seed,
        repetition_penalty: sampling.repetition_penalty.unwrap_or(1.0),
        presence_penalty: sampling.presence_penalty,
        frequency_penalty: sampling.frequency_penalty,
    }
}

fn stop(stop: wire::Stop) -> Stop {
    Stop {
        strings: stop.strings,
        include_string: stop.include_string,
        ignore_end: stop.ignore_end,
        min_tokens: stop.min_tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> wire::GenerateTextRequest {
        wire::GenerateTextRequest { model: "stub".into(), prompt: "Once".into(), ..Default::default() }
    }

    #[test]
    fn absent_fields_mean_the_documented_defaults() {
        let engine = Ask::try_from(request()).unwrap().into_request(vec![1], None);
        assert_eq!(engine.sampling, Sampling::default());
        assert_eq!((engine.max_tokens, engine.logprobs, engine.prompt_field), (None, false, "prompt"));
        let empty = wire::GenerateTextRequest { sampling: Some(wire::Sampling::default()), ..request() };
        let engine = Ask::try_from(empty).unwrap().into_request(vec![1], None);
        assert_eq!(engine.sampling, Sampling::default(), "an empty message is the same as none");
    }

    #[test]
    fn every_field_reaches_the_engine() {
        let full = wire::GenerateTextRequest {
            sampling: Some(wire::Sampling {
                temperature: 0.7,
                top_k: 40,
                top_p: Some(0.9),
                min_p: 0.05,
                seed: Some(7),
                repetition_penalty: Some(1.1),
                presence_penalty: 0.2,
                frequency_penalty: 0.3,
            }),
            stop: Some(wire::Stop {
                strings: vec!["END".into()],
                include_string: true,
                ignore_end: true,
                min_tokens: 3,
            }),
            max_tokens: 9,
            logprobs: true,
            ..request()
        };
        let engine = Ask::try_from(full).unwrap().into_request(vec![1], None);
        let expected = Sampling {
            temperature: 0.7,
            top_k: 40,
            top_p: 0.9,
            min_p: 0.05,
            seed: Some(7),
            repetition_penalty: 1.1,
            presence_penalty: 0.2,
            frequency_penalty: 0.3,
        };
        assert_eq!(engine.sampling, expected);
        let stop =
            Stop { strings: vec!["END".into()], include_string: true, ignore_end: true, min_tokens: 3 };
        assert_eq!(engine.stop, stop);
        assert_eq!((engine.max_tokens, engine.logprobs), (Some(9), true));
    }
}
