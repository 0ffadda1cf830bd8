//! A request may be anything: it becomes a message, or is refused.

#![no_main]

#[path = "../../tests/transcoding/descriptors.rs"]
mod descriptors;
#[path = "../take_request.rs"]
mod take_request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| take_request::take_request(bytes));
