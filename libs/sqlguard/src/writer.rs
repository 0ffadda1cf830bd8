//! Writes a tree out again, node by node, and refuses every node that it does not know.

mod call;
mod data_type;
mod expression;
mod literal;
mod names;
mod query;
mod relation;
mod select;
mod window;

use std::collections::BTreeSet;

use sqlparser::{ast::Spanned, tokenizer::Span};

pub use self::names::Table;
use crate::{Place, Rules, SqlError};

/// Written, or refused.
type Done = Result<(), SqlError>;

/// What has been written so far, and what its names mean at this point.
pub(crate) struct Writer<'a> {
    rules: &'a Rules,
    database: &'a str,
    out: String,
    depth: usize,
    /// What `WITH` has named, the innermost last.
    named: Vec<names::Named>,
    /// How many names `WITH` has given in all.
    given: usize,
    tables: BTreeSet<Table>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(rules: &'a Rules, database: &'a str) -> Self {
        let (out, named, tables) = (String::new(), Vec::new(), BTreeSet::new());
        Self { rules, database, out, depth: 0, named, given: 0, tables }
    }

    /// What was written, and the tables that it reads.
    pub(crate) fn finish(self) -> (String, BTreeSet<Table>) {
        (self.out, self.tables)
    }

    /// Puts a word or a sign, apart from what stands before it.
    fn put(&mut self, token: &str) {
        if !self.out.is_empty()
            && !self.out.ends_with(['(', '[', '.'])
            && !matches!(token, "," | ")" | "]" | ".")
        {
            self.out.push(' ');
        }
        self.out.push_str(token);
    }

    /// Puts a sign that belongs to what stands before it: the parenthesis of a call, the bracket of an index.
    fn join(&mut self, token: &str) {
        self.out.push_str(token);
    }

    /// Each of these, with commas between.
    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Done) -> Done {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.put(",");
            }
            each(self, item)?;
        }
        Ok(())
    }

    /// The same in parentheses.
    fn group<T>(&mut self, items: &[T], each: impl FnMut(&mut Self, &T) -> Done) -> Done {
        self.put("(");
        self.list(items, each)?;
        self.put(")");
        Ok(())
    }

    /// One level further down.
    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Done) -> Done {
        let limit = self.rules.limits.depth;
        if self.depth >= limit {
            return Err(SqlError::TooDeep { limit });
        }
        self.depth += 1;
        let done = write(self);
        self.depth -= 1;
        done
    }
}

/// A refusal of what stands at this place.
fn refused<T>(what: impl Into<String>, allowed: impl Into<String>, span: Span) -> Result<T, SqlError> {
    Err(SqlError::Refused { what: what.into(), allowed: allowed.into(), place: Place::of(span.start) })
}

/// The same for a node, wherever it stands.
fn refused_node<T>(what: &str, allowed: &str, node: &impl Spanned) -> Result<T, SqlError> {
    refused(what, allowed, node.span())
}

/// Refuses a part of a node unless it is missing, as it is where nothing of the kind was written.
fn none(is_missing: bool, what: &str, allowed: &str, span: Span) -> Done {
    if is_missing { Ok(()) } else { refused(what, allowed, span) }
}
