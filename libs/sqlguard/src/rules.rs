//! What may be read.

use std::collections::BTreeSet;

use crate::{Pattern, functions};

/// A schema of every catalog that describes all the others.
const INFORMATION_SCHEMA: &str = "information_schema";
/// What Athena derives from a table, named `table$partitions` and so on: it tells nothing that the table does not.
const DERIVED: [&str; 6] = ["partitions", "history", "snapshots", "files", "manifests", "refs"];

/// What may be read, and within which bounds.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The one catalog; a name without a catalog is in it.
    pub catalog: String,
    /// The databases. `information_schema`, which tells of all databases, is one of them only where it is named in full.
    pub databases: Vec<Pattern>,
    /// The tables as `database.table`; all tables of the databases where there is no such list.
    pub tables: Option<Vec<Pattern>>,
    /// Functions beside those that are known to do nothing but compute, in lower case.
    pub functions: BTreeSet<String>,
    /// The bounds.
    pub limits: Limits,
}

/// The bounds of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the text; Athena itself takes 262,144.
    pub bytes: usize,
    /// Words and signs. The parser frees a chain of operators by recursion, so this bounds its stack as well.
    pub tokens: usize,
    /// Levels of the tree, a chain of operators included.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 * 1024, tokens: 4096, depth: 128 }
    }
}

impl Rules {
    /// Everything in these databases of a catalog.
    pub fn new(catalog: &str, databases: Vec<Pattern>) -> Self {
        Self {
            catalog: catalog.to_owned(),
            databases,
            tables: None,
            functions: BTreeSet::new(),
            limits: Limits::default(),
        }
    }

    /// Whether a database may be read.
    pub fn allow_database(&self, database: &str) -> bool {
        if database.to_lowercase() == INFORMATION_SCHEMA {
            return self.databases.iter().any(|pattern| pattern.is_exactly(database));
        }
        self.databases.iter().any(|pattern| pattern.fits(database))
    }

    /// Whether a table may be read, or what Athena derives from it.
    pub fn allow_table(&self, database: &str, table: &str) -> bool {
        let table = match table.split_once('$') {
            Some((table, derived)) if DERIVED.contains(&derived.to_lowercase().as_str()) => table,
            Some(_) => return false,
            None => table,
        };
        // A dot within a name would make one pattern mean two tables.
        if !self.allow_database(database) || database.contains('.') || table.contains('.') {
            return false;
        }
        let full = format!("{database}.{table}");
        self.tables.as_ref().is_none_or(|tables| tables.iter().any(|pattern| pattern.fits(&full)))
    }

    /// Whether a function, in lower case, may be called.
    pub(crate) fn allow_function(&self, name: &str) -> bool {
        functions::is_known(name) || self.functions.contains(name)
    }

    /// The databases, for people.
    pub(crate) fn told_databases(&self) -> String {
        told(&self.databases)
    }

    /// The tables, for people.
    pub(crate) fn told_tables(&self) -> String {
        match &self.tables {
            Some(tables) => format!("the tables {}", told(tables)),
            None => format!("tables of the databases {}", self.told_databases()),
        }
    }
}

fn told(patterns: &[Pattern]) -> String {
    patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::Rules;
    use crate::Pattern;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    #[test]
    fn what_describes_all_databases_has_to_be_named() {
        assert!(!Rules::new("c", patterns(&["*"])).allow_database("information_schema"));
        assert!(!Rules::new("c", patterns(&["info*"])).allow_database("INFORMATION_SCHEMA"));
        assert!(Rules::new("c", patterns(&["information_schema"])).allow_database("Information_Schema"));
    }

    #[test]
    fn tables_are_allowed_by_both_of_their_names() {
        let mut rules = Rules::new("c", patterns(&["sales", "logs_*"]));
        assert!(rules.allow_table("sales", "orders") && !rules.allow_table("hr", "people"));
        rules.tables = Some(patterns(&["sales.orders", "logs_*"]));
        for (database, table, allowed) in [
            ("sales", "orders", true),
            ("Sales", "ORDERS", true),
            ("sales", "orders$partitions", true),
            ("sales", "orders$nonsense", false),
            ("sales", "people", false),
            ("sales", "people$partitions", false),
            ("logs_1", "anything", true),
            ("hr", "orders", false),
            ("sales.orders", "x", false),
            ("sales", "orders.x", false),
        ] {
            assert_eq!(rules.allow_table(database, table), allowed, "{database}.{table}");
        }
    }
}
