//! The seeds of the fuzz targets.

#![expect(unreachable_pub, clippy::unwrap_used, reason = "tests")]

use std::fs;

#[path = "../../fuzz/check_key.rs"]
mod check_key;

#[test]
fn the_seeds_of_key_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/key")).unwrap();
    let mut count = 0;
    for seed in seeds {
        check_key::check_key(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
