//! The seeds of the fuzz target.

use std::fs;

#[path = "../../fuzz/take_request.rs"]
mod take_request;

#[test]
fn the_seeds_of_transcode_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/transcode")).unwrap();
    let mut count = 0;
    for seed in seeds {
        take_request::take_request(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "{count} seeds");
}
