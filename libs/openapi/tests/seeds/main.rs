//! The seeds of the fuzz targets.

#![expect(unreachable_pub, reason = "tests")]

use std::fs;

#[path = "../../fuzz/read_document.rs"]
mod read_document;

#[test]
fn the_seeds_of_document_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/document")).unwrap();
    let mut count = 0;
    for seed in seeds {
        read_document::read_document(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
