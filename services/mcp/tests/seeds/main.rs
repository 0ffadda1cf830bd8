//! The seeds of the fuzz target.

#![expect(unreachable_pub, reason = "tests")]

use std::fs;

#[path = "../../fuzz/read_handed_back.rs"]
mod read_handed_back;

#[test]
fn the_seeds_of_the_fuzz_target_hold_too() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/handed_back")).unwrap();
    let mut count = 0;
    for seed in seeds {
        read_handed_back::read_handed_back(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 6, "{count} seeds");
}
