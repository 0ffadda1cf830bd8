//! Schemas come from strangers: one is refused, or checks any value in bounded time.

#![no_main]

#[path = "../check_schema.rs"]
mod check_schema;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check_schema::check_schema(bytes));
