//! The seeds of the fuzz targets.

#![expect(unreachable_pub, reason = "tests")]

use std::fs;

#[path = "../../fuzz/redact_text.rs"]
mod redact_text;

#[test]
fn the_seeds_of_redaction_hold() {
    let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/redaction")).unwrap();
    let mut count = 0;
    for seed in seeds {
        redact_text::redact_text(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 5, "{count} seeds");
}
