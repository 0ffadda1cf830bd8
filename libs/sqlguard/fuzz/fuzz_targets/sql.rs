//! Any text may be checked: the answer is a statement that only reads, or an error, in bounded time and stack.

#![no_main]

#[path = "../check_text.rs"]
mod check_text;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check_text::check_text(bytes));
