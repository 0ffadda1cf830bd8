//! The seeds of the fuzz target.

#![expect(unreachable_pub, reason = "tests")]

use std::fs;

#[path = "../../fuzz/read_bytes.rs"]
mod read_bytes;

#[test]
fn the_seeds_of_the_fuzz_target_hold_too() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/handed_back")).unwrap();
    let mut count = 0;
    for seed in seeds {
        read_bytes::read_bytes(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 6, "{count} seeds");
}
