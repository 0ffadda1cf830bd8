//! Small things: files, mains, libraries. Tests do not count.

use std::collections::BTreeMap;

use crate::{Finding, Repository, source::code_lines};

const FILE_WARN: usize = 300;
const FILE_FAIL: usize = 500;
const MAIN: usize = 30;
const LIBRARY: usize = 2_500;

/// No file has more than 500 lines of code; more than 300 is a warning.
pub fn files_are_short(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        match code_lines(file) {
            Ok(lines) if lines > FILE_WARN => {
                let message = format!(
                    "{lines} lines without tests, where {FILE_FAIL} are the limit and {FILE_WARN} a sign: move one \
                     behaviour into a file of its own"
                );
                let finding = Finding::new("short-files", &file.path, None, message);
                findings.push(if lines > FILE_FAIL { finding } else { finding.warning() });
            }
            Ok(_) => {}
            Err(finding) => findings.push(finding),
        }
    }
    findings
}

/// A service's `main` only composes, in at most 30 lines.
pub fn mains_only_compose(repository: &Repository) -> Vec<Finding> {
    let mains = repository
        .with_extension("rs")
        .filter(|file| file.path.starts_with("services/") && file.path.ends_with("/src/main.rs"));
    mains
        .filter_map(|file| {
            let lines = file.text.lines().count();
            (lines > MAIN).then(|| {
                let message =
                    format!("{lines} lines, {MAIN} allowed: main parses, starts and composes; move the rest");
                Finding::new("short-main", &file.path, None, message)
            })
        })
        .collect()
}

/// A library has at most 2,500 lines of code, or ARCHITECTURE.md says why not, on a line that names it and `2,500`.
pub fn libraries_are_small(repository: &Repository) -> Vec<Finding> {
    let mut libraries: BTreeMap<&str, usize> = BTreeMap::new();
    for file in repository.with_extension("rs") {
        let mut parts = file.path.split('/');
        if let (Some("libs"), Some(name)) = (parts.next(), parts.next()) {
            // A file that cannot be parsed is a finding of the rule above.
            *libraries.entry(name).or_default() += code_lines(file).unwrap_or_default();
        }
    }
    let excused = |name: &str| {
        let folder = format!("libs/{name}");
        let page = repository.file("ARCHITECTURE.md");
        page.is_some_and(|page| {
            page.text.lines().any(|line| line.contains(&folder) && line.contains("2,500"))
        })
    };
    let large = libraries.into_iter().filter(|(name, lines)| *lines > LIBRARY && !excused(name));
    large
        .map(|(name, lines)| {
            let message = format!(
                "{lines} lines without tests, {LIBRARY} allowed: split it, or give the reason in ARCHITECTURE.md on a \
                 line with `libs/{name}` and `2,500`"
            );
            Finding::new("small-libraries", &format!("libs/{name}"), None, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{files_are_short, libraries_are_small, mains_only_compose};
    use crate::{Repository, Severity};

    fn functions(count: usize) -> String {
        "fn f() {}\n".repeat(count)
    }

    #[test]
    fn a_file_warns_before_it_fails_and_tests_are_free() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", functions(600));
        let repository = Repository::of([
            ("libs/a/src/ok.rs", &functions(300)),
            ("libs/a/src/long.rs", &functions(301)),
            ("libs/a/src/endless.rs", &functions(501)),
            ("libs/a/src/tested.rs", &tests),
        ]);
        let found: Vec<_> = files_are_short(&repository).into_iter().map(|f| (f.file, f.severity)).collect();
        let expected = [
            ("libs/a/src/long.rs".to_owned(), Severity::Warning),
            ("libs/a/src/endless.rs".to_owned(), Severity::Failure),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn only_a_services_main_is_bound_to_thirty_lines() {
        let long = functions(31);
        let repository = Repository::of([
            ("services/api/src/main.rs", &long),
            ("services/mcp/src/main.rs", &functions(30)),
            ("tools/ondol/src/main.rs", &long),
        ]);
        let found: Vec<_> = mains_only_compose(&repository).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["services/api/src/main.rs"]);
    }

    #[test]
    fn a_large_library_needs_a_word_in_the_architecture() {
        let large = functions(2_501);
        let page = "`libs/b` has more than 2,500 lines, because";
        let files =
            [("libs/a/src/lib.rs", &*large), ("libs/b/src/lib.rs", &large), ("ARCHITECTURE.md", page)];
        let found: Vec<_> = libraries_are_small(&Repository::of(files)).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["libs/a"]);
    }
}
