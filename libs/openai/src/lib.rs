//! The JSON of OpenAI's interface, and our own messages behind it.
//!
//! - [`ChatRequest`] and [`CompletionRequest`] are what clients send; each becomes a request of the contract. A parameter
//!   that is not supported is refused by its name, never ignored.
//! - [`chat_answer`] and [`completion_answer`] are what they get.
//! - [`OpenAiError`] is what was wrong, with the parameter that was.
//!
//! This crate must never know a transport: it turns bytes into messages and back.

mod answer;
mod chat;
mod completion;
mod error;
mod sampling;

pub use answer::{Made, chat_answer, completion_answer, error_body};
pub use chat::ChatRequest;
pub use completion::CompletionRequest;
pub use error::OpenAiError;
