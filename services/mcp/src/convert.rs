//! Messages of the contract as tools know them, and back.

mod answer;
mod caller;
mod structure;
mod tool;

pub(crate) use answer::answer;
pub(crate) use caller::{ANONYMOUS, caller, deadline, request_id};
pub(crate) use structure::arguments;
pub(crate) use tool::tool;
