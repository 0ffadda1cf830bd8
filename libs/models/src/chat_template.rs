//! Chat messages to the text, or the token ids, that a model was trained on.

mod deep_stack;
mod environment;
mod guard;
mod json;

use std::time::SystemTime;

use minijinja::{Environment, Value, context, value::Serde};
use serde::Serialize;

use crate::{ModelError, Specials, Tokenizer};

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChatMessage {
    /// Who speaks: `system`, `user`, `assistant`, or whatever else the template knows.
    pub role: String,
    /// What is said, as plain text.
    pub content: String,
}

/// A model's chat template: Jinja, as published with models.
///
/// A template comes with a model and is not trusted: it reaches nothing but the messages, and its steps, its output
/// and its memory are bounded.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    source: String,
    begin: Option<String>,
    end: Option<String>,
}

impl ChatTemplate {
    /// Compiles a template. `strftime_now` tells the system's time in UTC; see [`ChatTemplate::with_clock`].
    pub fn parse(source: &str) -> Result<Self, ModelError> {
        let environment = environment::with_template(source)?;
        Ok(Self { environment, source: source.to_owned(), begin: None, end: None }
            .with_clock(SystemTime::now))
    }

    /// Says how the tokens are spelled that templates call `bos_token` and `eos_token`.
    #[must_use]
    pub fn with_tokens(mut self, begin: Option<String>, end: Option<String>) -> Self {
        self.begin = begin;
        self.end = end;
        self
    }

    /// Replaces the clock behind `strftime_now`, by which some templates tell the model today's date.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        environment::set_clock(&mut self.environment, now);
        self
    }

    /// The text for a conversation, special tokens spelled out. With `add_generation_prompt` it ends where the
    /// assistant's next turn begins.
    ///
    /// This is for people to read. The text of a message may itself spell special tokens, so a model is given
    /// [`ChatTemplate::encode`]'s tokens instead.
    pub fn render(
        &self,
        messages: &[ChatMessage],
        add_generation_prompt: bool,
    ) -> Result<String, ModelError> {
        let template =
            self.environment.get_template(environment::NAME).map_err(|error| environment::fault(&error))?;
        let token = |spelling: &Option<String>| spelling.as_deref().map_or(Value::UNDEFINED, Value::from);
        // Templates ask for `tools is not none` without asking whether it is defined.
        let context = context! {
            messages => Value::from(Serde(messages)),
            add_generation_prompt,
            bos_token => token(&self.begin),
            eos_token => token(&self.end),
            tools => None::<()>,
            documents => None::<()>,
        };
        let render = || template.render(context).map_err(|error| environment::fault(&error));
        if deep_stack::is_needed(&self.source) { deep_stack::run(render)? } else { render() }
    }

    /// The token ids for a conversation: those of the rendered text with the template's special tokens parsed. What a
    /// message's content spells stays text: nobody ends a turn, or begins one for another role, by writing
    /// `<|im_end|>`.
    ///
    /// `tokenizer` must be the same model's. Fails with [`ModelError::Messages`] when there are no messages, or when a
    /// role is not a word of ASCII letters, digits, `_` and `-`: templates build special tokens out of roles, so the
    /// caller allows only roles that the model knows.
    pub fn encode(
        &self,
        tokenizer: &Tokenizer,
        messages: &[ChatMessage],
        add_generation_prompt: bool,
    ) -> Result<Vec<u32>, ModelError> {
        guard::check(messages)?;
        match guard::shield(tokenizer.specials(), &self.source, messages)? {
            None => tokenizer.encode(&self.render(messages, add_generation_prompt)?, Specials::Parse),
            Some((shield, marked)) => {
                tokenizer.encode_shielded(&self.render(&marked, add_generation_prompt)?, &shield)
            }
        }
    }
}

#[cfg(test)]
mod tests;
