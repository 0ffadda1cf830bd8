//! A module is called after what is in it.

use std::path::Path;

use crate::{Finding, Repository};

/// Names that say nothing, and so collect everything.
const EMPTY: [&str; 8] = ["common", "helper", "helpers", "misc", "types", "util", "utils", "shared"];

/// No module or crate has a name that says nothing, and none is a `mod.rs`.
pub fn names_say_something(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        let path = Path::new(&file.path);
        let stem = path.file_stem().unwrap_or_default();
        if stem == "mod" {
            let folder = path.parent().unwrap_or(path).display();
            let message = format!("a `mod.rs` is one of many in every editor: call it {folder}.rs");
            findings.push(Finding::new("names", &file.path, None, message));
        }
        let parts = path.parent().into_iter().flat_map(Path::iter).chain([stem]);
        for empty in parts.filter(|part| EMPTY.iter().any(|empty| part == empty)) {
            let message = format!("{} says nothing: name the thing that is in it", empty.display());
            findings.push(Finding::new("names", &file.path, None, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::names_say_something;
    use crate::Repository;

    #[test]
    fn empty_names_are_found_as_files_and_as_folders() {
        let repository = Repository::of([
            ("libs/a/src/utils.rs", ""),
            ("libs/common/src/lib.rs", ""),
            ("libs/a/src/slots/mod.rs", ""),
            ("libs/a/src/slots/pool.rs", ""),
        ]);
        let found: Vec<_> = names_say_something(&repository).into_iter().map(|f| f.file).collect();
        assert_eq!(found, ["libs/a/src/utils.rs", "libs/common/src/lib.rs", "libs/a/src/slots/mod.rs"]);
    }
}
