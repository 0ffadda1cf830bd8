//! Something wrong in a text that an operator wrote.

use std::{error::Error, fmt};

use crate::places::Places;

/// What is wrong, in which field, and at which line: `line 3: keys.concurrency: expected a whole number, 0 or more`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    line: Option<usize>,
    field: String,
    problem: String,
}

impl Flaw {
    /// In a field, called by its path, such as `routes[0].targets[1].weight`; an empty one is the whole text.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { line: None, field: field.into(), problem: problem.into() }
    }

    pub(crate) fn at_line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }

    /// The same in a table of the text.
    #[must_use]
    pub fn within(self, table: &str) -> Self {
        Self { field: join(table, &self.field), ..self }
    }

    /// The same with its line in the text: that of its field, or of the table that should have it.
    #[must_use]
    pub fn found_in(self, text: &str) -> Self {
        let line = self.line.or_else(|| Places::of(text).line(&self.field));
        Self { line, ..self }
    }

    /// The line alone, as it stands behind the name of a file.
    pub(crate) fn line(&self) -> Option<usize> {
        self.line
    }

    /// The field and the problem.
    pub(crate) fn told(&self) -> String {
        if self.field.is_empty() { self.problem.clone() } else { format!("{}: {}", self.field, self.problem) }
    }
}

/// The path of a field in a table, either of which may be the whole text.
pub(crate) fn join(table: &str, field: &str) -> String {
    match (table, field) {
        ("", one) | (one, "") => one.to_owned(),
        _ => format!("{table}.{field}"),
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.told())
    }
}

impl Error for Flaw {}

#[cfg(test)]
mod tests {
    use super::Flaw;

    #[test]
    fn the_line_is_that_of_the_field_or_of_its_table() {
        let text = "[releases.blue]\nurl = \"x\"\n\n[[routes]]\nmodel = \"a\"\ntargets = [{ release = \"b\" },\n{ weight = 1 }]\n";
        for (field, told) in [
            ("releases.blue.url", "line 2: releases.blue.url: odd"),
            ("releases.blue.tls_name", "line 1: releases.blue.tls_name: odd"),
            ("routes[0].targets[1].weight", "line 7: routes[0].targets[1].weight: odd"),
            ("routes[0].targets[0].model", "line 6: routes[0].targets[0].model: odd"),
            ("routes[0].hedge_after", "line 4: routes[0].hedge_after: odd"),
            ("global.concurrency", "global.concurrency: odd"),
            ("", "odd"),
        ] {
            assert_eq!(Flaw::new(field, "odd").found_in(text).to_string(), told);
        }
        let within = Flaw::new("name", "odd").within("routes[0]");
        assert_eq!(within.found_in("nonsense").to_string(), "routes[0].name: odd");
    }
}
