//! `unsafe` has one home: the module of `engine` that binds key/value memory to ONNX Runtime.

use proc_macro2::TokenStream;

use crate::{Finding, Repository, source::identifiers};

const HOME: &str = "libs/engine/src/";

/// All `unsafe` code stands in one file of `engine`.
pub fn unsafe_has_one_home(repository: &Repository) -> Vec<Finding> {
    let mut homes = Vec::new();
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        let Ok(tokens) = file.text.parse::<TokenStream>() else { continue };
        let mut words = Vec::new();
        identifiers(tokens, &mut words);
        let Some(first) = words.iter().find(|word| *word == "unsafe") else { continue };
        let line = first.span().start().line;
        if file.path.starts_with(HOME) {
            homes.push((&file.path, line));
        } else {
            let message =
                "unsafe code is written only where `engine` binds memory to ONNX Runtime: find a safe way";
            findings.push(Finding::new("unsafe-home", &file.path, line, message.to_owned()));
        }
    }
    for (path, line) in homes.iter().skip(1) {
        let message = format!("unsafe code stands in {} already: keep it in one file", homes[0].0);
        findings.push(Finding::new("unsafe-home", path, *line, message));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::unsafe_has_one_home;
    use crate::Repository;

    #[test]
    fn a_second_file_and_another_crate_are_found() {
        let code = "fn a() { unsafe { b() } }";
        let repository = Repository::of([
            ("libs/engine/src/onnx/binding.rs", code),
            ("libs/engine/src/slots.rs", "\nunsafe impl Send for A {}"),
            ("libs/models/src/lib.rs", code),
            ("libs/fault/src/lib.rs", "// unsafe\n#[expect(unsafe_code, reason = \"none\")]\nfn a() {}"),
        ]);
        let found: Vec<_> = unsafe_has_one_home(&repository).into_iter().map(|f| (f.file, f.line)).collect();
        let expected = [
            ("libs/models/src/lib.rs".to_owned(), Some(1)),
            ("libs/engine/src/slots.rs".to_owned(), Some(2)),
        ];
        assert_eq!(found, expected);
    }
}
