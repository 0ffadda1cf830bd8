//! The JSON of OpenAI's interface, and our own messages behind it.
//!
//! - [`Endpoint::read`] reads what clients send: an [`Asked`] is a request of the contract, and the [`Form`] that its answer
//!   is to have. A parameter that is not supported is refused by its name, never ignored; one that asks for nothing is taken.
//!   [`read_json`] reads the JSON around such a request, in which nothing is given twice either.
//! - [`Form::answer`] makes the whole answer, and the [`Teller`] of [`Form::teller`] the events of a stream.
//! - [`model_answer`] and [`models_answer`] are what clients learn of models.
//! - [`OpenAiError`] is what was wrong, with the parameter that was; [`error_body`] and [`error_of`] tell any error.
//!
//! Inside, `fields` takes the members of JSON apart, `idle` knows what asks for nothing, `sampling` what all requests share.
//!
//! This crate must never know a transport: it turns bytes into messages and back.

mod answer;
mod chat;
mod completion;
mod error;
mod fields;
mod form;
mod idle;
mod logprobs;
mod models;
mod names;
mod refusal;
mod responses;
mod sampling;
mod stream;

pub use answer::Made;
pub use error::{OpenAiError, Problem};
pub use form::{Asked, Endpoint, Form, read_json};
pub use models::{model_answer, models_answer};
pub use refusal::{error_body, error_of};
pub use stream::Teller;
