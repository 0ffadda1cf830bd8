//! Whether a piece of SQL only reads, and only what it may: for Trino's dialect, which Athena's third engine speaks.
//!
//! [`check`] takes a text from a stranger and hands back a [`Statement`], or a [`SqlError`] that says what was refused, where,
//! and what is allowed. Nothing is looked for in the text. It becomes tokens, of which few kinds are let in (`tokens`), and
//! those become a tree (`dialect`), of which few kinds of nodes are written out again (`writer`); what runs is what was
//! written, never the text that came. So a trick has to survive being understood:
//!
//! - The nodes that pass are listed one by one, and each is taken apart field by field. A kind of node that the parser learns
//!   later is refused, and a field that it learns later does not compile.
//! - Names are written in quotes, strings with every quote doubled, and each token stands apart: there is no text in which
//!   our parser sees a name and Athena a keyword, a comment or the end of a string.
//! - A table is written with its database, and what `WITH` names is renamed: no name can mean one thing here and another there.
//! - What was written is read and written once more, and must come out the same.
//! - Text, tokens and nesting are bounded before anything recurses.
//!
//! [`Rules`] say which databases, tables and functions there are.
//!
//! This crate must never know who asks, where a query runs or what it answers.

mod check;
mod dialect;
mod error;
mod functions;
mod pattern;
mod rules;
mod tokens;
mod writer;

pub use check::{Statement, check, still_allowed};
pub use error::{Place, SqlError};
pub use pattern::Pattern;
pub use rules::{Limits, Rules};
pub use writer::Table;
