//! A body may be anything: it becomes a request whose answer and events hold together, or is refused.

#![no_main]

#[path = "../take_body.rs"]
mod take_body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| take_body::take_body(bytes));
