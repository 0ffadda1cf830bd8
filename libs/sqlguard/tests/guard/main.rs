//! Statements that may run, and attacks that may not.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod attacks;
mod bounds;
mod mutations;
mod queries;
mod rules;
mod seeds;
mod stand;
