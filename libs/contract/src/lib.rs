//! What a request must satisfy before anyone looks at a model.
//!
//! Both the public door and the service behind it decode the same messages; this crate turns them into types that
//! cannot be wrong, once and in one place: [`model_id`] and [`model_name`], [`Prompt`], [`Page`]; [`json_object`] and
//! [`message_struct`] are for fields that hold anything. [`check_generation`],
//! [`check_counting`] and [`check_source`] look at a whole request, so that all of its mistakes are told at once. What
//! depends on a model (its context, its vocabulary) is checked by the engine that runs it.
//!
//! This crate must never know about a transport, a service or a model's files.

mod answer_name;
mod generation;
mod invalid;
mod model_id;
mod page;
mod prompt;
mod structure;
mod tool_name;

pub use answer_name::answer_name;
pub use generation::{check_counting, check_generation, check_source};
pub use invalid::Invalid;
pub use model_id::{model_id, model_name};
pub use page::{Page, page_size};
pub use prompt::{MAX_MESSAGES, MAX_PROMPT_BYTES, Message, Prompt, Role};
pub use structure::{answer_value, json_arguments, json_object, json_value, message_struct, message_value};
pub use tool_name::tool_name;
