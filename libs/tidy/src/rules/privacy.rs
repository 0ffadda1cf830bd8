//! Nothing of the machine a line was written on.

use crate::{Finding, Repository};

/// What gives a machine away, spelled in two halves so that this file does not find itself, and what to write instead.
const MARKS: [(&str, &str); 7] = [
    (concat!("/wo", "rk/"), "a path from the root of the repository, or one the user gives"),
    (concat!("/ro", "ot/"), "`$HOME`"),
    (concat!("/Us", "ers/"), "`$HOME`"),
    (concat!("C:\\Us", "ers"), "`%USERPROFILE%`"),
    (concat!("/tmp/", "dl"), "a temporary folder of its own"),
    (concat!("arti", "factory"), "nothing: which mirror serves packages is the machine's business"),
    (concat!("jfrog", ".io"), "nothing: which mirror serves packages is the machine's business"),
];

/// No path and no address of a developer's machine stands in a file.
pub fn nothing_private(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.files() {
        for (index, line) in file.text.lines().enumerate() {
            for (mark, instead) in MARKS.iter().filter(|(mark, _)| line.contains(mark)) {
                let message = format!("`{mark}` belongs to one machine: write {instead}");
                findings.push(Finding::new("nothing-private", &file.path, index + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{MARKS, nothing_private};
    use crate::Repository;

    #[test]
    fn a_path_of_ones_own_is_found() {
        let text = format!("a\nopen({}model)\n", MARKS[0].0);
        let findings = nothing_private(&Repository::of([("bench/run.py", &text)]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(2)]);
    }
}
