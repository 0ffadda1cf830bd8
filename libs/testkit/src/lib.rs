//! What tests of several crates share, and what must never be in a program.
//!
//! - [`Network`] is a network in memory: servers listen on it, clients connect through it, and no port is taken.
//! - [`Redis`] is a Redis server of one test, which can be killed, frozen and started again.
//! - [`capture_logs`] collects what the current thread logs.
//!
//! This crate must never know a crate under test: those bring their own.

mod logs;
mod network;
mod redis;

pub use logs::{CapturedLogs, capture_logs};
pub use network::{Incoming, Network};
pub use redis::Redis;
