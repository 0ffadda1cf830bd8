//! Names: of columns and tables, always written in quotes, and what `WITH` has named.

use std::fmt;

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned};

use super::{Done, Writer, refused};
use crate::SqlError;

/// Bytes of a name; Glue takes 255.
const LONGEST: usize = 255;

/// A table that a statement reads, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.name)
    }
}

/// What `WITH` has named, and what it is called in what is written. No table is called so: if Athena looked for one where we
/// see a part of the statement, or the other way around, it would find nothing.
#[derive(Clone, Debug)]
pub(super) struct Named {
    name: String,
    written: String,
}

/// What a name behind `FROM` stands for.
pub(super) enum Source {
    /// A part of the statement that `WITH` has named; without an alias it keeps its name by one.
    Named(Ident),
    /// A table.
    Table,
}

impl Writer<'_> {
    /// A name, in quotes, so that it can be nothing but a name.
    pub(super) fn name(&mut self, name: &Ident) -> Done {
        check_name(name)?;
        self.put_name(&name.value);
        Ok(())
    }

    /// Names with dots between.
    pub(super) fn names(&mut self, names: &[Ident]) -> Done {
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                self.join(".");
            }
            self.name(name)?;
        }
        Ok(())
    }

    /// Names of columns, in parentheses.
    pub(super) fn columns(&mut self, names: &[ObjectName]) -> Done {
        self.group(names, |writer, name| match name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => writer.name(name),
            _ => refused("a qualified name", "the name of a column alone", name.span()),
        })
    }

    fn put_name(&mut self, name: &str) {
        self.put(&format!("\"{}\"", name.replace('"', "\"\"")));
    }

    /// What `WITH` names, from here on. Also tells how it is written.
    pub(super) fn give_name(&mut self, name: &Ident) -> Result<String, SqlError> {
        check_name(name)?;
        self.given += 1;
        let written = format!("with${}", self.given);
        self.named.push(Named { name: name.value.to_lowercase(), written: written.clone() });
        Ok(written)
    }

    /// Writes a name that `WITH` has given.
    pub(super) fn given_name(&mut self, written: &str) {
        self.put_name(written);
    }

    /// Writes the name of something that is read, and says what it is.
    pub(super) fn source(&mut self, name: &ObjectName) -> Result<Source, SqlError> {
        let parts = identifiers(name)?;
        for part in &parts {
            check_name(part)?;
        }
        if let [name] = parts.as_slice() {
            let wanted = name.value.to_lowercase();
            let known = self.named.iter().rev().find(|named| named.name == wanted);
            if let Some(written) = known.map(|named| named.written.clone()) {
                self.put_name(&written);
                return Ok(Source::Named((*name).clone()));
            }
        }
        let (database, table) = self.locate(name, &parts)?;
        self.put_name(&database);
        self.join(".");
        self.put_name(&table);
        self.tables.insert(Table { database: database.to_lowercase(), name: table.to_lowercase() });
        Ok(Source::Table)
    }

    /// The database and the name of a table that may be read.
    fn locate(&self, name: &ObjectName, parts: &[&Ident]) -> Result<(String, String), SqlError> {
        let (catalog, database, table) = match parts {
            [table] => (None, self.database, &table.value),
            [database, table] => (None, database.value.as_str(), &table.value),
            [catalog, database, table] => (Some(&catalog.value), database.value.as_str(), &table.value),
            _ => {
                return refused(
                    "such a name",
                    "table, database.table or catalog.database.table",
                    name.span(),
                );
            }
        };
        if let Some(catalog) = catalog.filter(|catalog| !catalog.eq_ignore_ascii_case(&self.rules.catalog)) {
            return refused(
                format!("the catalog {catalog:?}"),
                format!("the catalog {}", self.rules.catalog),
                name.span(),
            );
        }
        if !self.rules.allow_table(database, table) {
            return refused(format!("the table {database}.{table}"), self.rules.told_tables(), name.span());
        }
        Ok((database.to_owned(), table.clone()))
    }
}

fn check_name(name: &Ident) -> Done {
    if !matches!(name.quote_style, None | Some('"')) {
        return refused("a name in such quotes", "names as they are or in double quotes", name.span);
    }
    if name.value.is_empty() || name.value.len() > LONGEST {
        return refused("such a name", format!("names of 1 to {LONGEST} bytes"), name.span);
    }
    Ok(())
}

/// The parts of a name, all of which are plain.
pub(super) fn identifiers(name: &ObjectName) -> Result<Vec<&Ident>, SqlError> {
    let parts = name.0.iter().map(|part| match part {
        ObjectNamePart::Identifier(identifier) => Ok(identifier),
        ObjectNamePart::Function(_) => {
            refused("a name that is computed", "a name that is written out", name.span())
        }
    });
    parts.collect()
}
