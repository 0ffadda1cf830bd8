//! Which databases and tables there are for callers.

use fault::Violation;
use sqlguard::{Pattern, Rules};
use tools::ToolsError;

use crate::{McpError, config::AthenaConfig};

/// What may be seen and read.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) rules: Rules,
    /// The database that is meant where none is named: the first that is written in full.
    usual: Option<String>,
    told: String,
}

impl Access {
    pub(super) fn of(config: &AthenaConfig) -> Result<Self, McpError> {
        let databases = patterns("databases", &config.databases)?;
        if databases.is_empty() {
            return Err(McpError::Config("[athena] databases must name at least one".to_owned()));
        }
        let tables = config.tables.as_ref().map(|tables| patterns("tables", tables)).transpose()?;
        if let Some(wrong) =
            config.tables.iter().flatten().find(|table| !(table.contains('.') || table.ends_with('*')))
        {
            return Err(McpError::Config(format!(
                "[athena] tables: {wrong:?} must be DATABASE.TABLE, or a beginning with a *"
            )));
        }
        let functions = config.functions.iter().map(|name| function(name)).collect::<Result<_, _>>()?;
        let usual = config.databases.iter().find(|name| !name.ends_with('*')).cloned();
        let told = config.databases.join(", ");
        let rules = Rules { tables, functions, ..Rules::new(&config.catalog, databases) };
        Ok(Self { rules, usual, told })
    }

    /// The databases, for people.
    pub(super) fn told(&self) -> &str {
        &self.told
    }

    /// The database that is meant where none is named.
    pub(super) fn usual(&self) -> Option<&str> {
        self.usual.as_deref()
    }

    /// The database that a call is about.
    pub(super) fn database(&self, asked: Option<String>) -> Result<String, ToolsError> {
        let database = asked.or_else(|| self.usual.clone());
        match database {
            Some(database) if self.rules.allow_database(&database) => Ok(database),
            Some(_) => Err(wrong("database", format!("is none of those that may be read: {}", self.told))),
            None => Err(wrong("database", format!("is required; there are: {}", self.told))),
        }
    }

    /// A table that a call is about.
    pub(super) fn table(&self, database: &str, table: &str) -> Result<(), ToolsError> {
        if !table.contains('$') && self.rules.allow_table(database, table) {
            return Ok(());
        }
        Err(wrong("table", "is none of those that may be read: athena_tables lists them".to_owned()))
    }
}

/// One wrong argument.
pub(super) fn wrong(field: &str, problem: String) -> ToolsError {
    ToolsError::invalid(vec![Violation::new(format!("arguments.{field}"), problem)])
}

fn patterns(field: &str, texts: &[String]) -> Result<Vec<Pattern>, McpError> {
    let pattern = |text: &String| {
        Pattern::new(text).ok_or_else(|| {
            McpError::Config(format!(
                "[athena] {field}: {text:?} must be a name, or the beginning of names and a *"
            ))
        })
    };
    texts.iter().map(pattern).collect()
}

fn function(name: &str) -> Result<String, McpError> {
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word {
        return Ok(name.to_lowercase());
    }
    Err(McpError::Config(format!(
        "[athena] functions: {name:?} must be the name of a function of Athena's own"
    )))
}

#[cfg(test)]
mod tests {
    use super::Access;
    use crate::config::AthenaConfig;

    fn access(text: &str) -> Result<Access, crate::McpError> {
        Access::of(&toml::from_str::<AthenaConfig>(&format!("workgroup = \"w\"\n{text}")).unwrap())
    }

    #[test]
    fn the_first_whole_name_is_the_usual_database() {
        let both = access("databases = [\"logs_*\", \"sales\"]").unwrap();
        assert_eq!(both.database(None).unwrap(), "sales");
        assert_eq!(both.database(Some("logs_a".to_owned())).unwrap(), "logs_a");
        assert!(both.database(Some("hr".to_owned())).is_err());
        assert!(access("databases = [\"logs_*\"]").unwrap().database(None).is_err());
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for wrong in [
            "databases = []",
            "databases = [\"\"]",
            "databases = [\"a*b\"]",
            "databases = [\"a\"]\ntables = [\"orders\"]",
            "databases = [\"a\"]\nfunctions = [\"a.b\"]",
            "databases = [\"a\"]\nfunctions = [\"f()\"]",
        ] {
            assert!(access(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_table_is_a_table_and_no_part_of_one() {
        let access = access("databases = [\"sales\"]\ntables = [\"sales.orders\"]").unwrap();
        assert!(access.table("sales", "orders").is_ok());
        assert!(
            access.table("sales", "orders$partitions").is_err() && access.table("sales", "people").is_err()
        );
    }
}
