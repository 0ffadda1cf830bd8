//! Callers may hand back any bytes for a URI, a cursor or a task: they are one of ours as it was given, or refused.

#![no_main]

#[path = "../read_bytes.rs"]
mod read_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_bytes::read_bytes(bytes));
