//! Callers choose URLs, parts of paths and headers: what is let through is what it seems to be.

#![no_main]

#[path = "../check_request.rs"]
mod check_request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check_request::check_request(bytes));
