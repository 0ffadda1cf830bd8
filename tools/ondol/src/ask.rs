//! The flags that say how to generate, shared by `generate` and `chat`.

use clap::Args;
use proto::inference::v1::{self as wire, Message, Sampling, Stop};

/// How to generate. What is not given is left to the server's documented default.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Generation")]
pub(crate) struct Ask {
    /// The model's id; by default the first that the server lists
    #[arg(long, short, env = "ONDOL_MODEL", value_name = "ID")]
    pub(crate) model: Option<String>,
    /// Instructions for the whole conversation
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// The most tokens to generate
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u32>,
    /// 0 takes the most likely token every time; higher is more varied, up to 2
    #[arg(long, value_name = "T")]
    pub(crate) temperature: Option<f32>,
    /// Choose among the K most likely tokens
    #[arg(long, value_name = "K")]
    pub(crate) top_k: Option<u32>,
    /// Choose among the most likely tokens that make up this share of probability
    #[arg(long, value_name = "P")]
    pub(crate) top_p: Option<f32>,
    /// Drop tokens less likely than this share of the most likely one
    #[arg(long, value_name = "P")]
    pub(crate) min_p: Option<f32>,
    /// The same seed gives the same text
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Above 1, words that stand there already get less likely
    #[arg(long, value_name = "R")]
    pub(crate) repetition_penalty: Option<f32>,
    /// End before this text; repeatable
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
}

impl Ask {
    /// The request that asks `model` to answer `messages`.
    pub(crate) fn chat(&self, model: &str, messages: Vec<Message>) -> wire::GenerateTextRequest {
        let system = self.system.iter().map(|text| message("system", text));
        let messages = system.chain(messages).collect();
        wire::GenerateTextRequest { messages, ..self.request(model) }
    }

    /// The request that asks `model` to continue `prompt`.
    pub(crate) fn plain(&self, model: &str, prompt: String) -> wire::GenerateTextRequest {
        wire::GenerateTextRequest { prompt, ..self.request(model) }
    }

    fn request(&self, model: &str) -> wire::GenerateTextRequest {
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or_default(),
            top_k: self.top_k.unwrap_or_default(),
            top_p: self.top_p,
            min_p: self.min_p.unwrap_or_default(),
            seed: self.seed,
            repetition_penalty: self.repetition_penalty,
            ..Sampling::default()
        };
        wire::GenerateTextRequest {
            model: model.to_owned(),
            sampling: Some(sampling),
            stop: Some(Stop { strings: self.stop.clone(), ..Stop::default() }),
            max_tokens: self.max_tokens.unwrap_or_default(),
            ..wire::GenerateTextRequest::default()
        }
    }
}

/// One turn of a conversation.
pub(crate) fn message(role: &str, text: &str) -> Message {
    Message { role: role.to_owned(), text: text.to_owned() }
}
