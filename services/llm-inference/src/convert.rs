//! Between the contract's messages and what this service and the engine speak.

mod answer;
mod ask;
mod model;

pub(crate) use answer::{Answer, event};
pub(crate) use ask::{Ask, counted};
pub(crate) use model::model;
