//! A certificate may hold anything: names that can be told apart, or none.

#![no_main]

#[path = "../read_certificate.rs"]
mod read_certificate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| read_certificate::read_certificate(bytes));
