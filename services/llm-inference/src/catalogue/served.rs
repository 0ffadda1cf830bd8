//! One model, ready to answer.

use std::{fmt, sync::Arc, time::Instant};

use contract::{Message, Prompt};
use engine::{Engine, Generation};
use models::{ChatMessage, ChatTemplate, Manifest, ModelError, Specials, Tokenizer};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};

use crate::{InferenceError, convert::Ask};

/// A model with its engine, tokenizer and chat template.
pub struct Served {
    manifest: Manifest,
    tokenizer: Arc<Tokenizer>,
    template: Option<Arc<ChatTemplate>>,
    engine: Engine,
    /// Prompts that are tokenised at once; further ones wait, within their deadline.
    desks: Arc<Semaphore>,
}

/// Tokenising competes with the engine for processors, and counting tokens takes no place in the engine's queue.
const DESKS: usize = 4;

/// A generation under way.
pub(crate) struct Running {
    /// Tokens of its prompt.
    pub(crate) prompt_tokens: u32,
    /// Its events; dropping them cancels it.
    pub(crate) events: Generation,
}

impl Served {
    /// A model out of its parts.
    pub fn new(
        manifest: Manifest,
        tokenizer: Arc<Tokenizer>,
        template: Option<ChatTemplate>,
        engine: Engine,
    ) -> Self {
        Self {
            manifest,
            tokenizer,
            template: template.map(Arc::new),
            engine,
            desks: Arc::new(Semaphore::new(DESKS)),
        }
    }

    /// The id that requests give.
    pub fn id(&self) -> &str {
        &self.manifest.name
    }

    /// What the package says of itself.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The engine that runs the model.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Tokens that a prompt and its output may have together.
    pub(crate) fn context_tokens(&self) -> u32 {
        u32::try_from(self.engine.geometry().capacity).unwrap_or(u32::MAX)
    }

    /// Whether it takes messages.
    pub(crate) fn has_chat_template(&self) -> bool {
        self.template.is_some()
    }

    /// Starts a generation. A place in the engine's queue is taken before any work is done on the prompt, so that an
    /// overloaded server refuses cheaply.
    pub(crate) async fn generate(
        &self,
        ask: Ask,
        deadline: Option<Instant>,
    ) -> Result<Running, InferenceError> {
        let permit = self.engine.admit()?;
        let tokens = self.tokens(ask.prompt.clone()).await?;
        let prompt_tokens = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let events = permit.generate(ask.into_request(tokens, deadline))?;
        Ok(Running { prompt_tokens, events })
    }

    /// The prompt as the model sees it. Runs on a thread for blocking work: a megabyte of text takes a while.
    pub(crate) async fn tokens(&self, prompt: Prompt) -> Result<Vec<u32>, InferenceError> {
        // Held until the work ends, also when nobody waits for it any more. The semaphore is never closed.
        let desk = Arc::clone(&self.desks).acquire_owned().await.ok();
        let tokenizer = Arc::clone(&self.tokenizer);
        let tokens = match prompt {
            Prompt::Messages(messages) => {
                let template = self.template.clone();
                let template = template.ok_or_else(|| InferenceError::NoChatTemplate(self.id().into()))?;
                at_desk(desk, move || chat_tokens(&tokenizer, &template, messages)).await
            }
            Prompt::Text(text) => {
                let begin = self.manifest.tokens.begin;
                at_desk(desk, move || text_tokens(&tokenizer, begin, &text)).await
            }
        };
        Ok(tokens??)
    }
}

async fn at_desk<T: Send + 'static>(
    desk: Option<OwnedSemaphorePermit>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    spawn_blocking(move || {
        let _desk = desk;
        work()
    })
    .await
}

fn chat_tokens(
    tokenizer: &Tokenizer,
    template: &ChatTemplate,
    messages: Vec<Message>,
) -> Result<Vec<u32>, ModelError> {
    let messages: Vec<_> = messages.into_iter().map(chat_message).collect();
    template.encode(tokenizer, &messages, true)
}

fn text_tokens(tokenizer: &Tokenizer, begin: Option<u32>, text: &str) -> Result<Vec<u32>, ModelError> {
    let mut tokens: Vec<u32> = begin.into_iter().collect();
    tokens.extend(tokenizer.encode(text, Specials::Parse)?);
    Ok(tokens)
}

fn chat_message(message: Message) -> ChatMessage {
    ChatMessage { role: message.role.as_str().into(), content: message.text }
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("model", &self.manifest.name).finish_non_exhaustive()
    }
}
