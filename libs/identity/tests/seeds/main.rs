//! The seeds of the fuzz targets.
//!
//! The modules say `cfg(test)` for clippy, which otherwise takes their helpers for production code.

#[cfg(test)]
#[path = "../../fuzz/call_with.rs"]
mod call_with;
#[cfg(test)]
#[path = "../../fuzz/read_keys.rs"]
mod read_keys;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{call_with, read_keys};

    /// Does something with each of the seeds in a folder, of which there are some.
    fn with_seeds(folder: &str, check: fn(&[u8])) {
        let mut count = 0;
        for seed in fs::read_dir(folder).unwrap() {
            check(&fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 5, "{count} seeds");
    }

    #[test]
    fn the_seeds_of_authorization_hold() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/authorization");
        with_seeds(folder, call_with::call_with);
    }

    #[test]
    fn the_seeds_of_published_keys_hold() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/published_keys");
        with_seeds(folder, read_keys::read_keys);
    }
}
