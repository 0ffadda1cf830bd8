//! Another server may answer with any bytes: they are an answer within bounds, or an error.

#![no_main]

#[path = "../read_bytes.rs"]
mod read_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_bytes::read_bytes(bytes));
