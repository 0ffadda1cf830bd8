//! What the fuzz target does, done with its seeds.

use std::fs;

#[path = "../../fuzz/check_text.rs"]
pub mod check_text;

#[test]
fn the_seeds_of_the_fuzz_target_hold_too() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/sql")).unwrap();
    let mut count = 0;
    for seed in seeds {
        check_text::check_text(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
