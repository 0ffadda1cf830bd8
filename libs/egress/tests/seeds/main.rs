//! The seeds of the fuzz targets.

#![expect(unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

#[path = "../../fuzz/check_request.rs"]
mod check_request;
#[path = "../../fuzz/read_answer.rs"]
mod read_answer;

#[test]
fn the_seeds_of_request_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/request")).unwrap();
    let mut count = 0;
    for seed in seeds {
        check_request::check_request(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}

#[test]
fn the_seeds_of_answer_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/answer")).unwrap();
    let mut count = 0;
    for seed in seeds {
        read_answer::read_answer(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
