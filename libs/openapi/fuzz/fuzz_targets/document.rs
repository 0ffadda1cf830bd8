//! A document may be any text: it is read within bounds, or refused.

#![no_main]

#[path = "../read_document.rs"]
mod read_document;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_document::read_document(bytes));
