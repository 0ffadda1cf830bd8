//! What is not done is an issue, not a comment.

use crate::{Finding, Repository};

/// Spelled in two halves, so that this file does not find itself.
const MARKS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// No note to oneself is left in a file.
pub fn nothing_is_left_for_later(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.files() {
        for (index, line) in file.text.lines().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            for mark in words.filter(|word| MARKS.contains(word)) {
                let message =
                    format!("{mark} is read by nobody: do it now, or open an issue and take the note out");
                findings.push(Finding::new("no-notes", &file.path, index + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{MARKS, nothing_is_left_for_later};
    use crate::Repository;

    #[test]
    fn a_note_is_found_as_a_word_in_any_file() {
        let text = format!("one\n# {}: two\nPRE{}\n", MARKS[0], MARKS[1]);
        let findings = nothing_is_left_for_later(&Repository::of([("helm/api/values.yaml", &text)]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(2)]);
    }
}
