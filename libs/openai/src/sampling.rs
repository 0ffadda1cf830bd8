//! The parameters that both kinds of requests share.

use proto::inference::v1 as wire;
use serde::Deserialize;

use crate::OpenAiError;

/// What OpenAI's interface assumes where our own contract would be greedy.
const DEFAULT_TEMPERATURE: f32 = 1.0;

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// Parameters as they came.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) temperature: Option<f32>,
    pub(crate) top_p: Option<f32>,
    pub(crate) seed: Option<i64>,
    pub(crate) presence_penalty: Option<f32>,
    pub(crate) frequency_penalty: Option<f32>,
    pub(crate) stop: Option<OneOrMany>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) n: Option<u32>,
    pub(crate) stream: Option<bool>,
}

impl Parameters {
    /// The request of the contract that they ask for, without a model and a prompt.
    pub(crate) fn request(self) -> Result<wire::GenerateTextRequest, OpenAiError> {
        if self.n.is_some_and(|n| n != 1) {
            return Err(OpenAiError::unsupported("n", "only 1 is supported: send the request once for each"));
        }
        if self.stream == Some(true) {
            return Err(OpenAiError::unsupported("stream", "must be false here"));
        }
        if self.max_tokens == Some(0) {
            return Err(OpenAiError::unsupported("max_tokens", "must be 1 or more"));
        }
        let sampling = wire::Sampling {
            temperature: self.temperature.unwrap_or(DEFAULT_TEMPERATURE),
            top_p: self.top_p,
            // Any number is a seed; which one stands for a negative does not matter.
            seed: self.seed.map(i64::cast_unsigned),
            presence_penalty: self.presence_penalty.unwrap_or_default(),
            frequency_penalty: self.frequency_penalty.unwrap_or_default(),
            ..wire::Sampling::default()
        };
        let strings = self.stop.map(OneOrMany::into_vec).unwrap_or_default();
        Ok(wire::GenerateTextRequest {
            sampling: Some(sampling),
            stop: Some(wire::Stop { strings, ..wire::Stop::default() }),
            max_tokens: self.max_tokens.unwrap_or_default(),
            ..wire::GenerateTextRequest::default()
        })
    }
}
