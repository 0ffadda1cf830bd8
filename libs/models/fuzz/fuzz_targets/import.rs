//! Any bytes may be imported: the answer is a package or an error, in bounded time and memory.

#![no_main]

#[path = "../import_bytes.rs"]
mod import_bytes;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| import_bytes::import_bytes(bytes));
