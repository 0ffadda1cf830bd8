//! The seeds of the fuzz targets.

#![expect(unreachable_pub, reason = "tests")]

use std::fs;

#[path = "../../fuzz/check_schema.rs"]
mod check_schema;

#[test]
fn the_seeds_of_schema_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/schema")).unwrap();
    let mut count = 0;
    for seed in seeds {
        check_schema::check_schema(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
