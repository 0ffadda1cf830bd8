//! Prompts: texts that people pick for their agents, with places for arguments.
//!
//! [`Prompt`] is the port; `written` are those of the configuration.

mod written;

use async_trait::async_trait;
use tools::{Call, Content, ToolsError};

pub(crate) use self::written::written;

/// Something that becomes messages to a model.
#[async_trait]
pub trait Prompt: Send + Sync + 'static {
    /// What people are told.
    fn about(&self) -> &PromptAbout;

    /// The messages, out of the call's arguments.
    async fn messages(&self, call: Call) -> Result<Vec<PromptMessage>, ToolsError>;

    /// What an argument may be that begins like this, the likeliest first.
    fn complete(&self, argument: &str, begun: &str) -> Vec<String>;
}

/// What people are told about a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptAbout {
    /// How it is asked for.
    pub name: String,
    /// How it is shown.
    pub title: Option<String>,
    /// What it is for.
    pub description: String,
    /// What it takes.
    pub arguments: Vec<PromptArgument>,
}

/// What a prompt takes: a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PromptArgument {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Whether there is no prompt without it.
    pub required: bool,
}

/// One message to a model.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptMessage {
    /// Whether the model is to believe that it said this itself.
    pub by_model: bool,
    /// What is said.
    pub content: Content,
}
