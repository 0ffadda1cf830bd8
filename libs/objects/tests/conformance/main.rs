//! One suite for every blob store, and what each of them promises besides.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub, reason = "tests")]

mod folder;
mod http;
mod moto;
mod processes;
mod s3s;
mod subject;
mod suite;
