//! Tests wait for what they wait for, or pause time; they do not sleep.

use proc_macro2::Ident;
use syn::{Attribute, ExprPath, ItemFn, Macro, Meta, visit::Visit};

use crate::{
    Finding, Repository,
    source::{identifiers, is_test_attribute, is_test_file, parse, test_lines},
};

/// No test blocks its thread, and none sleeps on tokio's clock unless that clock is paused.
pub fn tests_do_not_sleep(repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in repository.with_extension("rs") {
        let Ok(syntax) = parse(file) else { continue };
        let tests = test_lines(&syntax);
        let in_test =
            |line: usize| is_test_file(&file.path) || tests.iter().any(|lines| lines.contains(&line));
        let mut found = Sleeps::default();
        found.visit_file(&syntax);
        let awake = found.calls.iter().filter(|call| in_test(call.line) && !found.is_paused(call));
        findings.extend(awake.map(|call| {
            let message = "a sleeping test is slow and fails under load: wait for the event itself, or pause the \
                           clock with `#[tokio::test(start_paused = true)]`";
            Finding::new("no-sleep", &file.path, call.line, message.to_owned())
        }));
    }
    findings
}

/// A mention of a function called `sleep`.
struct Call {
    line: usize,
    blocks: bool,
    /// Whether the test it stands in pauses the clock; `None` in a helper, which any test may call.
    paused: Option<bool>,
}

#[derive(Default)]
struct Sleeps {
    calls: Vec<Call>,
    current: Option<bool>,
    any_running_clock: bool,
}

impl Sleeps {
    fn is_paused(&self, call: &Call) -> bool {
        !call.blocks && call.paused.unwrap_or(!self.any_running_clock)
    }

    /// Keeps every `sleep` among the words of a path or a macro.
    fn note(&mut self, words: &[Ident]) {
        for (index, word) in
            words.iter().enumerate().filter(|(_, word)| *word == "sleep" || *word == "sleep_until")
        {
            let blocks = index > 0 && words[index - 1] == "thread";
            self.calls.push(Call { line: word.span().start().line, blocks, paused: self.current });
        }
    }
}

impl<'ast> Visit<'ast> for Sleeps {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        let outer = self.current;
        if let Some(attribute) = function.attrs.iter().find(|attribute| is_test_attribute(attribute)) {
            let paused = pauses(attribute);
            // A test without a runtime has no clock to pause, and cannot call what sleeps on one.
            self.any_running_clock |= function.sig.asyncness.is_some() && !paused;
            self.current = Some(paused);
        }
        syn::visit::visit_item_fn(self, function);
        self.current = outer;
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        let words: Vec<_> = path.path.segments.iter().map(|segment| segment.ident.clone()).collect();
        self.note(&words);
        syn::visit::visit_expr_path(self, path);
    }

    /// What stands in a macro, such as a `select!`, is words only.
    fn visit_macro(&mut self, called: &'ast Macro) {
        let mut words = Vec::new();
        identifiers(called.tokens.clone(), &mut words);
        self.note(&words);
    }
}

fn pauses(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    let mut words = Vec::new();
    identifiers(list.tokens.clone(), &mut words);
    words.windows(2).any(|pair| pair[0] == "start_paused" && pair[1] == "true")
}

#[cfg(test)]
mod tests {
    use super::tests_do_not_sleep;
    use crate::Repository;

    fn lines(text: &str) -> Vec<Option<usize>> {
        let repository = Repository::of([("libs/a/tests/a.rs", text)]);
        tests_do_not_sleep(&repository).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn sleeping_is_found_unless_the_clock_is_paused() {
        let paused =
            "#[tokio::test(start_paused = true)]\nasync fn a() { sleep(D).await; thread::sleep(D); }\n";
        assert_eq!(lines(paused), [Some(2)]);
        let running = "#[tokio::test]\nasync fn a() { tokio::time::sleep(D).await }\n";
        assert_eq!(lines(running), [Some(2)]);
        let in_macro = "#[tokio::test]\nasync fn a() { select! { x = y => x,\n() = sleep(D) => {} } }\n";
        assert_eq!(lines(in_macro), [Some(3)]);
    }

    #[test]
    fn a_helper_may_sleep_only_where_every_test_pauses_the_clock() {
        let helper = "async fn work() { sleep(D).await }\n";
        let paused = "#[tokio::test(start_paused = true)]\nasync fn a() {}\n";
        assert_eq!(lines(&format!("{helper}{paused}")), []);
        assert_eq!(lines(&format!("{helper}{paused}#[tokio::test]\nasync fn b() {{}}\n")), [Some(1)]);
    }

    #[test]
    fn code_that_is_no_test_may_sleep() {
        let repository = Repository::of([("libs/a/src/lib.rs", "async fn retry() { sleep(D).await }")]);
        assert_eq!(tests_do_not_sleep(&repository), []);
    }
}
