//! What an engine promises, checked with the stub model and, where there is one, with a real model.

#![expect(clippy::unwrap_used, clippy::print_stderr, unreachable_pub, reason = "tests")]

mod real_model;
mod stub_model;
mod subject;
mod suite;
