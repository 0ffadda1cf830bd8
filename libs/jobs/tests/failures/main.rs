//! What goes wrong where a queue runs: processes killed, stopped and woken, Redis restarted, frozen and demoted,
//! connections cut. Everything here is real, and nothing may be lost or believed twice.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests"
)]

mod connections;
mod hearts;
mod members;
mod process;
mod scale;
mod scene;
mod schedules;
mod sentinels;
mod servers;
mod settings;
mod tls;
mod worker;
mod workers;
