//! An upstream may send any bytes: they are an answer within bounds, or an error.

#![no_main]

#[path = "../read_answer.rs"]
mod read_answer;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_answer::read_answer(bytes));
