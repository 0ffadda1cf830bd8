//! The events of a response. The last ones repeat the whole text, so it is kept here.

use proto::inference::v1::{Finished, Token, stream_generate_text_response::Event};
use serde_json::{Value, json};

use super::{HEARTBEAT, Teller};
use crate::{
    Made, logprobs,
    responses::echo::{Echo, State, message, message_id, part, usage},
};

/// Tells a stream in events.
pub(crate) struct ResponseEvents {
    made: Made,
    model: String,
    echo: Echo,
    logprobs: bool,
    /// The number of the next event.
    next: u64,
    text: String,
    /// What is told of at the end, where it is to be.
    tokens: Vec<Token>,
}

impl ResponseEvents {
    pub(crate) fn new(made: Made, model: String, echo: Echo, logprobs: bool) -> Self {
        Self { made, model, echo, logprobs, next: 0, text: String::new(), tokens: Vec::new() }
    }

    /// An event, with its name and its number.
    fn event(&mut self, name: &str, mut json: Value) -> String {
        json["type"] = name.into();
        json["sequence_number"] = self.next.into();
        self.next += 1;
        format!("event: {name}\ndata: {json}\n\n")
    }

    /// An event about the one part of the one item.
    fn event_of_part(&mut self, name: &str, mut json: Value) -> String {
        json["item_id"] = message_id(&self.made).into();
        json["output_index"] = 0.into();
        json["content_index"] = 0.into();
        self.event(name, json)
    }

    fn response(&self, state: State, output: &[Value]) -> Value {
        self.echo.response(&self.made, &self.model, state, output)
    }

    fn started(&mut self) -> String {
        let response = self.response(State::InProgress, &[]);
        let item = message(&self.made, State::InProgress, &[]);
        [
            self.event("response.created", json!({"response": response.clone()})),
            self.event("response.in_progress", json!({"response": response})),
            self.event("response.output_item.added", json!({"output_index": 0, "item": item})),
            self.event_of_part("response.content_part.added", json!({"part": part("", &[])})),
        ]
        .concat()
    }

    fn token(&mut self, token: Token) -> String {
        if token.text.is_empty() && !self.logprobs {
            return String::new();
        }
        let tokens = if self.logprobs { std::slice::from_ref(&token) } else { &[] };
        let told = self.delta(&token.text, tokens);
        if self.logprobs {
            self.tokens.push(token);
        }
        told
    }

    fn delta(&mut self, text: &str, tokens: &[Token]) -> String {
        self.text += text;
        let delta = json!({"delta": text, "logprobs": logprobs::list(tokens)});
        self.event_of_part("response.output_text.delta", delta)
    }

    fn finished(&mut self, finished: &Finished) -> String {
        let mut told = if finished.text.is_empty() { String::new() } else { self.delta(&finished.text, &[]) };
        let state = State::after(finished.finish_reason());
        let (text, part) = (self.text.clone(), part(&self.text, &self.tokens));
        let item = message(&self.made, state, std::slice::from_ref(&part));
        let mut response = self.response(state, std::slice::from_ref(&item));
        response["usage"] = usage(finished.usage);
        let done = json!({"text": text, "logprobs": part["logprobs"]});
        told += &self.event_of_part("response.output_text.done", done);
        told += &self.event_of_part("response.content_part.done", json!({"part": part}));
        told += &self.event("response.output_item.done", json!({"output_index": 0, "item": item}));
        told + &self.event(&format!("response.{}", state.word()), json!({"response": response}))
    }
}

impl Teller for ResponseEvents {
    fn tell(&mut self, event: Event) -> String {
        match event {
            Event::Started(started) => {
                self.model = started.model;
                self.started()
            }
            Event::Token(token) => self.token(token),
            Event::Finished(finished) => self.finished(&finished),
            Event::Heartbeat(_) => HEARTBEAT.to_owned(),
        }
    }

    /// OpenAI's clients throw at the first event, and those that read on find the state of the response in the second.
    fn failed(&mut self, error: &Value) -> String {
        let error = &error["error"];
        let (message, code) = (&error["message"], &error["code"]);
        let event = json!({"error": error, "code": code, "message": message, "param": error["param"]});
        let full = error["type"] == "rate_limit_error";
        let code = if full { "rate_limit_exceeded" } else { "server_error" };
        let mut response = self.response(State::Failed, &[]);
        response["error"] = json!({"code": code, "message": message});
        self.event("error", event) + &self.event("response.failed", json!({"response": response}))
    }
}
