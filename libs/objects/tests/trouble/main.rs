//! S3 in trouble: what is tried again, within which bounds, what is told, and that nothing is ever half-written.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "tests")]

mod bounds;
mod download;
mod front;
mod lost;
mod retries;
mod setup;
mod upload;
