//! Whatever comes as a credential: it is one that was given out, or nobody's.

#![no_main]

#[path = "../call_with.rs"]
mod call_with;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    call_with::call_with(bytes);
});
