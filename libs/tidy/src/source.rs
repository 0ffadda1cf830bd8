//! Rust source, as far as rules need to understand it: which lines are tests, and which words are code.

use std::ops::RangeInclusive;

use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};
use syn::{Attribute, ImplItem, Item, Meta, spanned::Spanned, visit::Visit};

use crate::{File, Finding};

/// Whether a file holds nothing but tests, benchmarks and examples.
pub(crate) fn is_test_file(path: &str) -> bool {
    let folder = |name| path.split('/').any(|part| part == name);
    folder("tests") || folder("benches") || folder("examples") || path.ends_with("/tests.rs")
}

/// The parsed file, or why it is none.
pub(crate) fn parse(file: &File) -> Result<syn::File, Finding> {
    syn::parse_file(&file.text).map_err(|error| {
        Finding::new("syntax", &file.path, error.span().start().line, format!("cannot be parsed: {error}"))
    })
}

/// The lines of every item that exists only in tests, attributes and doc comments included.
pub(crate) fn test_lines(syntax: &syn::File) -> Vec<RangeInclusive<usize>> {
    let mut found = TestItems(Vec::new());
    found.visit_file(syntax);
    found.0
}

/// How many lines of a file are not tests; comments and empty lines count, since they are read as well.
pub(crate) fn code_lines(file: &File) -> Result<usize, Finding> {
    if is_test_file(&file.path) {
        return Ok(0);
    }
    let tests: usize = test_lines(&parse(file)?).iter().map(|lines| lines.end() - lines.start() + 1).sum();
    Ok(file.text.lines().count().saturating_sub(tests))
}

/// Every identifier of a file, in macros too, but not in comments or strings.
pub(crate) fn identifiers(tokens: TokenStream, found: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(word) => found.push(word),
            TokenTree::Group(group) => identifiers(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Every literal of a file, in macros and attributes too.
pub(crate) fn literals(tokens: TokenStream, found: &mut Vec<Literal>) {
    for token in tokens {
        match token {
            TokenTree::Literal(literal) => found.push(literal),
            TokenTree::Group(group) => literals(group.stream(), found),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// The content of every attribute, such as `allow(dead_code)`, with its line, also of those inside macros.
pub(crate) fn attributes(tokens: TokenStream, found: &mut Vec<(usize, TokenStream)>) {
    let mut after_hash = false;
    for token in tokens {
        match token {
            TokenTree::Punct(mark) => {
                let before = after_hash;
                after_hash = mark.as_char() == '#' || (before && mark.as_char() == '!');
            }
            TokenTree::Group(group) => {
                if after_hash && group.delimiter() == Delimiter::Bracket {
                    found.push((group.span().start().line, group.stream()));
                }
                after_hash = false;
                attributes(group.stream(), found);
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => after_hash = false,
        }
    }
}

struct TestItems(Vec<RangeInclusive<usize>>);

impl TestItems {
    /// Takes an item that is only there in tests; `false` when it is there without them.
    fn take(&mut self, attributes: &[Attribute], item: &impl Spanned) -> bool {
        let is_test = attributes.iter().any(is_test_attribute);
        if is_test {
            self.0.push(item.span().start().line..=item.span().end().line);
        }
        is_test
    }
}

impl<'ast> Visit<'ast> for TestItems {
    fn visit_item(&mut self, item: &'ast Item) {
        if !self.take(attributes_of(item), item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(function) => &function.attrs,
            ImplItem::Const(constant) => &constant.attrs,
            _ => return syn::visit::visit_impl_item(self, item),
        };
        if !self.take(attributes, item) {
            syn::visit::visit_impl_item(self, item);
        }
    }
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[tokio::test(…)]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`; not `#[cfg(not(test))]`.
pub(crate) fn is_test_attribute(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|segment| segment.ident == "test") {
        return true;
    }
    let Meta::List(list) = &attribute.meta else { return false };
    let mut words = Vec::new();
    identifiers(list.tokens.clone(), &mut words);
    path.is_ident("cfg") && words.iter().any(|word| word == "test") && !words.iter().any(|word| word == "not")
}

#[cfg(test)]
mod tests {
    use super::{code_lines, is_test_file};
    use crate::File;

    #[test]
    fn tests_do_not_count_wherever_they_stand() {
        let text = "fn code() {}\n\n#[cfg(test)]\nmod tests {\n    fn x() {}\n}\n\
                    impl A {\n    /// Doc.\n    #[cfg(all(test, unix))]\n    fn probe() {}\n}\n\
                    #[cfg(not(test))]\nfn real() {}\n";
        let file = File { path: "libs/a/src/lib.rs".to_owned(), text: text.to_owned() };
        assert_eq!(code_lines(&file).unwrap(), 13 - 4 - 3);
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        assert!(is_test_file("libs/a/tests/life.rs"));
        assert!(is_test_file("libs/a/src/text/tests.rs"));
        assert!(!is_test_file("libs/a/src/contest.rs"));
    }
}
