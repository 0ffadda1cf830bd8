//! Callers may hand back any bytes for a URI, a cursor or a task: they are one of ours as it was given, or refused.

#![no_main]

#[path = "../read_handed_back.rs"]
mod read_handed_back;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_handed_back::read_handed_back(bytes));
