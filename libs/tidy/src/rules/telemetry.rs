//! Metrics and their page agree: `docs/telemetry.md` has a row for each that the code registers, with labels that are
//! there.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use syn::{Fields, ItemStruct, Lit, Meta, visit::Visit};

use crate::{
    File, Finding, Repository,
    source::{is_test_file, literals, parse, test_lines},
};

const PAGE: &str = "docs/telemetry.md";
const BEGINNINGS: [&str; 6] = ["ondol_", "rpc_server_", "rpc_client_", "gen_ai_server_", "vllm:", "process_"];
/// Labels that are not those of a struct: of `ondol_build_info`, and of the services that share a process.
const MADE_BY_HAND: [&str; 3] = ["commit", "service", "version"];

/// Each metric and each label of the code stands in the page, and each of the page in the code.
pub fn metrics_are_documented(repository: &Repository) -> Vec<Finding> {
    let (mut names, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for file in repository.with_extension("rs") {
        let is_ours = file.path.starts_with("libs/") || file.path.starts_with("services/");
        if is_ours && !file.path.starts_with("libs/tidy/") && !is_test_file(&file.path) {
            read(file, &mut names, &mut labels);
        }
    }
    let Some(page) = repository.file(PAGE) else {
        return vec![Finding::new("metrics", PAGE, None, "the page of metrics is missing".to_owned())];
    };
    let rows: Vec<_> =
        page.text.lines().enumerate().filter_map(|(index, line)| row(index + 1, line)).collect();
    let mut findings = Vec::new();
    for row in &rows {
        if !names.iter().any(|name| is_shown_as(name, row.metric)) {
            let message = format!("no code registers {}: take the row out, or mend the name", row.metric);
            findings.push(Finding::new("metrics", PAGE, row.line, message));
        }
        let unknown =
            row.labels.iter().filter(|label| !labels.contains(**label) && !MADE_BY_HAND.contains(*label));
        findings.extend(unknown.map(|label| {
            Finding::new("metrics", PAGE, row.line, format!("no metric has a label {label}: mend the row"))
        }));
    }
    let missing = names.iter().filter(|name| !rows.iter().any(|row| is_shown_as(name, row.metric)));
    findings.extend(missing.map(|name| {
        let message = format!("{name} has no row: say what it means, in which unit and with which labels");
        Finding::new("metrics", PAGE, None, message)
    }));
    let missing = labels.iter().filter(|label| !page.text.contains(&format!("`{label}`")));
    findings.extend(missing.map(|label| {
        Finding::new("metrics", PAGE, None, format!("the label {label} is nowhere: name it where it is used"))
    }));
    findings
}

/// What the page says of one metric.
struct Row<'a> {
    line: usize,
    metric: &'a str,
    labels: Vec<&'a str>,
}

/// A row of a table whose first cell is one metric: `` | `name` | `label`, `label` | … ``.
fn row(line: usize, text: &str) -> Option<Row<'_>> {
    let mut cells = text.strip_prefix("| ")?.split('|').map(str::trim);
    let metric = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    is_metric(metric).then_some(())?;
    let labels = cells.next()?.split('`').skip(1).step_by(2).collect();
    Some(Row { line, metric, labels })
}

fn is_metric(text: &str) -> bool {
    let is_name = |rest: &str| {
        rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && rest.bytes().last().is_some_and(|byte| byte != b'_')
    };
    BEGINNINGS.iter().any(|beginning| text.strip_prefix(beginning).is_some_and(is_name))
}

/// Whether a metric that is registered as `name` is scraped as `shown`: its unit and its type come behind it.
fn is_shown_as(name: &str, shown: &str) -> bool {
    let Some(rest) = shown.strip_prefix(name) else { return false };
    matches!(rest, "" | "_total" | "_seconds" | "_seconds_total" | "_bytes" | "_bytes_total" | "_info")
}

/// Adds the metrics and labels of a file.
fn read(file: &File, names: &mut BTreeSet<String>, labels: &mut BTreeSet<String>) {
    let (Ok(syntax), Ok(tokens)) = (parse(file), file.text.parse::<TokenStream>()) else { return };
    let tests = test_lines(&syntax);
    let mut found = Vec::new();
    literals(tokens, &mut found);
    for literal in found {
        if tests.iter().any(|lines| lines.contains(&literal.span().start().line)) {
            continue;
        }
        if let Lit::Str(text) = Lit::new(literal)
            && is_metric(&text.value())
        {
            names.insert(text.value());
        }
    }
    let mut sets = LabelSets(labels);
    sets.visit_file(&syntax);
}

/// The fields of each struct that is a set of labels.
struct LabelSets<'a>(&'a mut BTreeSet<String>);

impl<'ast> Visit<'ast> for LabelSets<'_> {
    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let mut derives = item.attrs.iter().filter_map(|attribute| match &attribute.meta {
            Meta::List(list) if list.path.is_ident("derive") => Some(list.tokens.to_string()),
            _ => None,
        });
        if !derives.any(|derived| derived.contains("EncodeLabelSet")) {
            return;
        }
        if let Fields::Named(fields) = &item.fields {
            let names = fields.named.iter().filter_map(|field| field.ident.as_ref());
            self.0.extend(names.map(ToString::to_string));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, metrics_are_documented};
    use crate::Repository;

    const CODE: &str = "#[derive(Clone, EncodeLabelSet)]\nstruct Labels { outcome: &'static str }\n\
        fn f(r: &mut R) { r.register(\"ondol_calls\", h, c); r.register_with_unit(\"ondol_answers\", h, U, c); }\n\
        #[cfg(test)]\nmod tests { const A: &str = \"ondol_only_in_tests\"; }\n";
    const GOOD: &str = "| metric | labels | type | meaning |\n|---|---|---|---|\n\
        | `ondol_calls_total` | `outcome` | counter | calls |\n| `ondol_answers_bytes_total` | | counter | size |\n";

    fn told(page: &str) -> Vec<String> {
        let files = [("libs/a/src/metrics.rs", CODE), (PAGE, page)];
        metrics_are_documented(&Repository::of(files)).into_iter().map(|found| found.to_string()).collect()
    }

    #[test]
    fn a_page_that_says_all_and_no_more_is_good() {
        assert_eq!(told(GOOD), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_or_made_up_is_named() {
        for (from, to, named) in [
            (
                "`ondol_calls_total`",
                "`ondol_cals_total`",
                &["no code registers ondol_cals", "ondol_calls has no"][..],
            ),
            ("`outcome`", "`result`", &["no metric has a label result", "the label outcome is nowhere"][..]),
            ("| `ondol_answers_bytes_total` | | counter | size |\n", "", &["ondol_answers has no row"][..]),
        ] {
            let told = told(&GOOD.replace(from, to));
            assert_eq!(told.len(), named.len(), "{told:?}");
            for part in named {
                assert!(told.iter().any(|finding| finding.contains(part)), "{part} in {told:?}");
            }
        }
    }
}
