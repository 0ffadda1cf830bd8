//! The seeds of the fuzz target.

#[cfg(test)]
#[path = "../fuzz/take_body.rs"]
mod take_body;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::take_body;

    #[test]
    fn the_seeds_of_ask_openai_hold() {
        let seeds = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/ask_openai")).unwrap();
        let mut count = 0;
        for seed in seeds {
            take_body::take_body(&fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 10, "{count} seeds");
    }
}
