//! Lints are expected with a reason, never switched off.

use proc_macro2::TokenStream;

use crate::{
    Finding, Repository,
    source::{attributes, identifiers},
};

/// No `allow` attribute anywhere: an `expect` speaks up once its reason is gone.
pub fn no_allow(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        // A file that cannot be read as tokens is a finding of another rule.
        let Ok(tokens) = file.text.parse::<TokenStream>() else { continue };
        let mut found = Vec::new();
        attributes(tokens, &mut found);
        for (line, content) in found {
            let mut words = Vec::new();
            identifiers(content, &mut words);
            let conditional = words.first().is_some_and(|word| word == "cfg_attr");
            if words.iter().take(if conditional { usize::MAX } else { 1 }).any(|word| word == "allow") {
                let message =
                    "`allow` hides a lint for good: mend the code, or write `#[expect(…, reason = \"…\")]`";
                findings.push(Finding::new("no-allow", &file.path, line, message.to_owned()));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::no_allow;
    use crate::Repository;

    #[test]
    fn every_way_to_write_it_is_found_and_words_in_text_are_not() {
        let text = "#![allow(dead_code)]\n\
                    #[cfg_attr(test, allow(unused))]\nfn a() {}\n\
                    macro_rules! m { () => { #[allow(unused)] fn b() {} } }\n\
                    // #[allow(x)]\n#[expect(unused, reason = \"allow\")]\nfn c() { let allow = \"#[allow(x)]\"; }\n\
                    #[derive(Debug)]\nstruct S { #[arg(allow_hyphen_values = true)] x: u8 }\n";
        let lines: Vec<_> =
            no_allow(&Repository::of([("libs/a/src/lib.rs", text)])).into_iter().map(|f| f.line).collect();
        assert_eq!(lines, [Some(1), Some(2), Some(4)]);
    }
}
