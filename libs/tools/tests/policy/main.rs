//! The policy stack around a tool that does as it is told.

#![expect(clippy::unwrap_used, reason = "tests")]

mod answers;
mod callers;
mod outages;
mod stand;
