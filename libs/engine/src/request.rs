//! What can be asked of the engine.

mod validate;

use std::time::Instant;

pub(crate) use validate::validate;

/// One generation to be done. Checked by [`Permit::generate`](crate::Permit::generate).
#[derive(Clone, Debug)]
pub struct Request {
    /// Token ids of the prompt, the chat template's own included; at least one.
    pub prompt: Vec<u32>,
    /// The field that the prompt came from, for error messages: `prompt` or `messages`.
    pub prompt_field: &'static str,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What ends the text.
    pub stop: Stop,
    /// The most tokens to generate; `None`: as many as the context has room for.
    pub max_tokens: Option<u32>,
    /// Whether each token carries its log probability.
    pub logprobs: bool,
    /// When the whole generation has to be done.
    pub deadline: Option<Instant>,
    /// The id of the trace that it is part of, where somebody keeps that: latencies point to it.
    pub trace: Option<String>,
}

impl Request {
    /// A greedy continuation of `prompt`, without limits of its own.
    pub fn new(prompt: Vec<u32>) -> Self {
        Self {
            prompt,
            prompt_field: "prompt",
            sampling: Sampling::default(),
            stop: Stop::default(),
            max_tokens: None,
            logprobs: false,
            deadline: None,
            trace: None,
        }
    }
}

/// How the next token is chosen. The steps run in this order: penalties, temperature, top-k, top-p, min-p, one draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// 0 to 2. 0 is greedy, and everything below but the penalties is without effect.
    pub temperature: f32,
    /// Keeps the k most likely tokens; 0 keeps all.
    pub top_k: u32,
    /// Keeps the smallest set of most likely tokens whose probabilities add up to this. Above 0, at most 1.
    pub top_p: f32,
    /// Drops tokens less likely than this share of the most likely one. 0 to 1.
    pub min_p: f32,
    /// The same seed, model and request give the same text, whatever else runs. `None`: a random one.
    pub seed: Option<u64>,
    /// Divides (below zero: multiplies) the scores of tokens that stand in the prompt or the output. Above 0, to 10.
    pub repetition_penalty: f32,
    /// Taken off the scores of tokens that were generated before. -2 to 2.
    pub presence_penalty: f32,
    /// Taken off the scores of tokens for each time that they were generated before. -2 to 2.
    pub frequency_penalty: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            seed: None,
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
        }
    }
}

/// What ends a text besides the model's end tokens and `max_tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// The text ends before the first of these. At most 8, each 1 to 256 bytes.
    pub strings: Vec<String>,
    /// Whether the stop string that was found is part of the text.
    pub include_string: bool,
    /// Goes on past the model's end tokens.
    pub ignore_end: bool,
    /// End tokens cannot be chosen and stop strings do not count before this many tokens.
    pub min_tokens: u32,
}
