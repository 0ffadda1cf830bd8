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

    /// The seeds of a target, with their names.
    fn seeds(folder: &str) -> Vec<(String, Vec<u8>)> {
        let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
        files
            .map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap()))
            // What a fuzzer finds lies beside them, under the hash of it.
            .filter(|(name, _)| name.len() != 40)
            .collect()
    }

    #[test]
    fn the_seeds_of_authorization_hold_and_these_are_let_in() {
        let seeds = seeds(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/authorization"));
        let mut let_in: Vec<_> = seeds
            .iter()
            .filter(|(_, seed)| call_with::call_with(seed))
            .map(|(name, _)| name.as_str())
            .collect();
        let_in.sort_unstable();
        let by_token = ["edwards", "elliptic", "own_key", "rsa", "second_issuer"];
        let mut expected = [&by_token[..], &["beside_others", "certificate", "file", "stored"]].concat();
        expected.sort_unstable();
        assert_eq!(let_in, expected);
    }

    #[test]
    fn the_seeds_of_published_keys_hold() {
        let seeds = seeds(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/published_keys"));
        for (_, seed) in &seeds {
            read_keys::read_keys(seed);
        }
        assert!(seeds.len() >= 5, "{} seeds", seeds.len());
    }
}
