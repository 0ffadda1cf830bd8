//! What a fuzzer is given to begin with is tried by every test run too.

use crate::{Finding, Repository};

/// Every fuzz target has seeds, and its crate a test that names their folder.
pub fn seeds_are_tested(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        let Some((folder, target)) = file.path.split_once("/fuzz/fuzz_targets/") else { continue };
        let seeds = format!("fuzz/corpus/{}", target.trim_end_matches(".rs"));
        let (tests, named) = (format!("{folder}/tests/"), format!("{seeds}\""));
        let is_tested =
            repository.files().any(|file| file.path.starts_with(&tests) && file.text.contains(&named));
        if !repository.contains(&format!("{folder}/{seeds}")) {
            let message = format!("a fuzzer that begins with nothing finds little: put seeds into {seeds}");
            findings.push(Finding::new("seeds", &file.path, None, message));
        } else if !is_tested {
            let message = format!("let a test in {tests} do the same with each file of {seeds}");
            findings.push(Finding::new("seeds", &file.path, None, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::seeds_are_tested;
    use crate::Repository;

    #[test]
    fn a_target_without_seeds_or_without_a_test_of_them_is_found() {
        let target = ("libs/a/fuzz/fuzz_targets/read.rs", "");
        let (seed, other) = (("libs/a/fuzz/corpus/read/one", ""), ("libs/a/fuzz/corpus/reader/one", ""));
        let test = ("libs/a/tests/seeds/main.rs", "concat!(x, \"/fuzz/corpus/read\")");
        let of_another = ("libs/a/tests/seeds/main.rs", "concat!(x, \"/fuzz/corpus/reader\")");
        let elsewhere = ("libs/b/tests/seeds/main.rs", "concat!(x, \"/fuzz/corpus/read\")");
        assert_eq!(seeds_are_tested(&Repository::of([target, seed, test])), []);
        for repository in [
            Repository::of([target, test]),
            Repository::of([target, other, test]),
            Repository::of([target, seed]),
            Repository::of([target, seed, of_another]),
            Repository::of([target, seed, elsewhere]),
        ] {
            assert_eq!(seeds_are_tested(&repository).len(), 1, "{repository:?}");
        }
    }
}
