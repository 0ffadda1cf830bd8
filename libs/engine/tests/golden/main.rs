//! An import of a real model against what a reference implementation says about it, in `libs/models/golden`.
//!
//! Here and not in `models`, because it takes an engine to run what the importer wrote.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod imported;
mod logits;
mod text;
