//! The chunks of chats and completions, between which only the innermost part differs.

use proto::inference::v1::{Finished, Token, stream_generate_text_response::Event};
use serde_json::{Map, Value, json};

use super::{HEARTBEAT, Teller, data};
use crate::{
    Made,
    answer::{finish_reason, usage},
    logprobs,
};

/// Tells a stream in chunks.
pub(crate) struct Chunks {
    chat: bool,
    id: String,
    at: u64,
    model: String,
    /// Whether the last chunk tells what was consumed.
    usage: bool,
    /// How many characters have been told.
    offset: usize,
}

impl Chunks {
    pub(crate) fn of_chat(made: &Made, model: String, usage: bool) -> Self {
        Self { chat: true, id: format!("chatcmpl-{}", made.id), at: made.at, model, usage, offset: 0 }
    }

    pub(crate) fn of_completion(made: &Made, model: String, usage: bool) -> Self {
        Self { chat: false, id: format!("cmpl-{}", made.id), at: made.at, model, usage, offset: 0 }
    }

    fn token(&mut self, token: &Token) -> String {
        let tokens = if token.logprob.is_some() { std::slice::from_ref(token) } else { &[] };
        if tokens.is_empty() && token.text.is_empty() {
            return String::new();
        }
        self.text(&token.text, tokens)
    }

    fn text(&mut self, text: &str, tokens: &[Token]) -> String {
        let choice = if self.chat {
            json!({"index": 0, "delta": {"content": text}, "logprobs": logprobs::of_chat(tokens), "finish_reason": null})
        } else {
            let logprobs = logprobs::of_completion(tokens, &mut self.offset);
            json!({"index": 0, "text": text, "logprobs": logprobs, "finish_reason": null})
        };
        data(&self.chunk(json!([choice]), Value::Null))
    }

    /// Says who speaks, as chats begin.
    fn started(&self) -> String {
        if !self.chat {
            return String::new();
        }
        let delta = json!({"role": "assistant", "content": ""});
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
        data(&self.chunk(json!([choice]), Value::Null))
    }

    fn finished(&mut self, finished: &Finished) -> String {
        let mut told = if finished.text.is_empty() { String::new() } else { self.text(&finished.text, &[]) };
        let reason = finish_reason(finished.finish_reason());
        let choice = if self.chat {
            json!({"index": 0, "delta": {}, "logprobs": null, "finish_reason": reason})
        } else {
            json!({"index": 0, "text": "", "logprobs": null, "finish_reason": reason})
        };
        told += &data(&self.chunk(json!([choice]), Value::Null));
        if self.usage {
            told += &data(&self.chunk(json!([]), usage(finished.usage)));
        }
        told + "data: [DONE]\n\n"
    }

    fn chunk(&self, choices: Value, usage: Value) -> Value {
        let object = if self.chat { "chat.completion.chunk" } else { "text_completion" };
        let mut chunk = Map::new();
        chunk.insert("id".to_owned(), self.id.as_str().into());
        chunk.insert("object".to_owned(), object.into());
        chunk.insert("created".to_owned(), self.at.into());
        chunk.insert("model".to_owned(), self.model.as_str().into());
        chunk.insert("choices".to_owned(), choices);
        if self.usage {
            chunk.insert("usage".to_owned(), usage);
        }
        chunk.into()
    }
}

impl Teller for Chunks {
    fn tell(&mut self, event: Event) -> String {
        match event {
            Event::Started(started) => {
                self.model = started.model;
                self.started()
            }
            Event::Token(token) => self.token(&token),
            Event::Finished(finished) => self.finished(&finished),
            Event::Heartbeat(_) => HEARTBEAT.to_owned(),
        }
    }

    fn failed(&mut self, error: &Value) -> String {
        data(error)
    }
}
