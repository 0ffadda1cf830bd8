//! The seeds of the fuzz target.
//!
//! The module says `cfg(test)` for clippy, which otherwise takes its helpers for production code.

#[cfg(test)]
#[path = "../../fuzz/read_certificate.rs"]
mod read_certificate;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::read_certificate;

    #[test]
    fn the_seeds_of_certificate_hold() {
        let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/certificate")).unwrap();
        let mut count = 0;
        for seed in seeds {
            read_certificate::read_certificate(&fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 5, "{count} seeds");
    }
}
