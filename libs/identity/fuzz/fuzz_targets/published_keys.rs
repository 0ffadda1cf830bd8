//! An issuer may publish anything: keys that verify what is accepted of it, or none.

#![no_main]

#[path = "../read_keys.rs"]
mod read_keys;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_keys::read_keys(bytes));
