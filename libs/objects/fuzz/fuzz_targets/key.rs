//! A key may be any text: it names one place below its folder, or is refused.

#![no_main]

#[path = "../check_key.rs"]
mod check_key;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check_key::check_key(bytes));
