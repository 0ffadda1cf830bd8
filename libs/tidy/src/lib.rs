//! The rules of the house that no compiler and no linter holds, as tests.
//!
//! `tests/repository.rs` applies every rule in [`rules`] to the repository; each rule's own file proves on small
//! examples that it can fail. A [`Finding`] names the file, the line, the rule and what to do about it. Rules read a
//! [`Repository`]: the files git tracks, and those it would.
//!
//! To relax a rule, change its table or its number here and say why in the commit. This crate must never be linked
//! into anything that ships.

mod finding;
mod markdown;
mod repository;
pub mod rules;
mod source;

pub use finding::{Finding, Severity};
pub use repository::{File, Repository, RepositoryError};
