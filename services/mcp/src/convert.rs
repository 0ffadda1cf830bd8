//! Messages of the contract as tools know them, and back.

mod answer;
mod caller;
mod tool;

pub(crate) use answer::answer;
pub(crate) use caller::{ANONYMOUS, caller, deadline, request_id};
pub(crate) use tool::tool;
