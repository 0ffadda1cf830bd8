//! What tests of several crates share, and what must never be in a program.
//!
//! - [`Network`] is a network in memory: servers listen on it, clients connect through it, and no port is taken.
//! - [`Redis`] is a Redis, Valkey or sentinel of one test, which can be killed, frozen and started again.
//! - [`capture_logs`] collects what the current thread logs.
//! - [`S3Server`] is an S3 in this process that checks signatures and can be made to misbehave; [`Moto`] is one in a
//!   process of its own that also knows versions.
//!
//! This crate must never know a crate under test: those bring their own.

mod logs;
mod moto;
mod network;
mod redis;
mod s3;

pub use logs::{CapturedLogs, capture_logs};
pub use moto::Moto;
pub use network::{Incoming, Network};
pub use redis::Redis;
pub use s3::{Answered, Backend, S3Server};
