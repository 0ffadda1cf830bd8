//! Every flag of a service is an environment variable too: that is how a cluster sets it.

use proc_macro2::TokenStream;

use crate::{
    Finding, Repository,
    source::{attributes, identifiers, is_test_file, parse, test_lines},
};

/// A clap argument with a flag has an `env` as well. The command line's own arguments need none.
pub fn flags_have_variables(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        if file.path.starts_with("tools/") || is_test_file(&file.path) {
            continue;
        }
        let (Ok(syntax), Ok(tokens)) = (parse(file), file.text.parse::<TokenStream>()) else { continue };
        let tests = test_lines(&syntax);
        let mut found = Vec::new();
        attributes(tokens, &mut found);
        found.retain(|(line, _)| !tests.iter().any(|lines| lines.contains(line)));
        let bare = found.into_iter().filter(|(_, content)| is_bare_flag(content));
        findings.extend(bare.map(|(line, _)| {
            let message = "a flag without a variable cannot be set in a cluster: add `env = \"ONDOL_…\"`";
            Finding::new("variables", &file.path, line, message.to_owned())
        }));
    }
    findings
}

fn is_bare_flag(content: &TokenStream) -> bool {
    let mut words = Vec::new();
    identifiers(content.clone(), &mut words);
    let has = |name: &str| words.iter().any(|word| word == name);
    words.first().is_some_and(|word| word == "arg") && has("long") && !has("env")
}

#[cfg(test)]
mod tests {
    use super::flags_have_variables;
    use crate::Repository;

    #[test]
    fn a_flag_without_a_variable_is_found_in_services_and_libraries() {
        let text = "struct A {\n#[arg(long, env = \"A\")]\na: u8,\n#[arg(long, default_value_t = 1)]\nb: u8,\n\
                    #[command(flatten)]\nc: B }\n";
        let files = [
            ("libs/a/src/arguments.rs", text),
            ("tools/ondol/src/main.rs", text),
            ("libs/a/tests/a.rs", text),
        ];
        let found: Vec<_> =
            flags_have_variables(&Repository::of(files)).into_iter().map(|f| (f.file, f.line)).collect();
        assert_eq!(found, [("libs/a/src/arguments.rs".to_owned(), Some(4))]);
    }
}
