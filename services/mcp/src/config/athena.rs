//! Tools over Athena, as they are written.

use std::time::Duration;

use serde::Deserialize;

use super::{PolicyConfig, policy::length};

/// The tools `athena_databases`, `athena_tables`, `athena_describe` and `athena_query`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AthenaConfig {
    /// The workgroup, which has to end queries that scan too much.
    pub(crate) workgroup: String,
    /// The one catalog.
    #[serde(default = "catalog")]
    pub(crate) catalog: String,
    /// Databases, or beginnings of their names with a `*`.
    pub(crate) databases: Vec<String>,
    /// Tables as `database.table`, or beginnings; without a list all of these databases.
    pub(crate) tables: Option<Vec<String>>,
    /// Functions beside Athena's own that only compute.
    #[serde(default)]
    pub(crate) functions: Vec<String>,
    /// What is in them, for models and people.
    #[serde(default)]
    pub(crate) description: String,
    /// Athena's region.
    pub(crate) region: Option<String>,
    /// Where Athena is, for others than Amazon's.
    pub(crate) endpoint: Option<String>,
    /// The profile of `~/.aws/config`.
    pub(crate) profile: Option<String>,
    /// `s3://BUCKET/PREFIX/` for results, where the workgroup has no place for them.
    pub(crate) output: Option<String>,
    /// The most rows of one answer.
    #[serde(default = "max_rows")]
    pub(crate) max_rows: usize,
    /// The most bytes of the rows of one answer.
    #[serde(default = "max_bytes")]
    pub(crate) max_bytes: usize,
    /// How long a query may take.
    #[serde(default, deserialize_with = "length")]
    pub(crate) timeout: Option<Duration>,
    /// How old a result may be that Athena gives instead of scanning again.
    #[serde(default, deserialize_with = "length")]
    pub(crate) reuse: Option<Duration>,
    /// Whether the workgroup may be one that ends no query for what it scans.
    #[serde(default)]
    pub(crate) allow_unlimited: bool,
    /// Links to whole results.
    #[serde(default)]
    pub(crate) links: LinksConfig,
    /// What holds for these tools.
    #[serde(default)]
    pub(crate) policy: PolicyConfig,
    /// Credentials of a test; all others come from the chain that Amazon's tools use.
    #[serde(skip)]
    pub(crate) credentials: Option<(String, String)>,
}

/// Links to whole results, as they are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinksConfig {
    /// Whether an answer that is not all of its result has one.
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// How long it works.
    #[serde(default, deserialize_with = "length")]
    pub(crate) valid_for: Option<Duration>,
    /// Where S3 is, for others than Amazon's.
    pub(crate) endpoint: Option<String>,
}

impl Default for LinksConfig {
    fn default() -> Self {
        Self { enabled: true, valid_for: None, endpoint: None }
    }
}

impl AthenaConfig {
    /// How long a query may take.
    pub(crate) fn patience(&self) -> Duration {
        self.timeout.unwrap_or(Duration::from_mins(1))
    }
}

fn catalog() -> String {
    "AwsDataCatalog".to_owned()
}

fn max_rows() -> usize {
    1000
}

/// An answer holds its rows twice, as a value and as text: with what is around them this stays below `max_answer_bytes`.
fn max_bytes() -> usize {
    100 * 1024
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::AthenaConfig;

    #[test]
    fn two_settings_are_enough() {
        let config: AthenaConfig = toml::from_str("workgroup = \"w\"\ndatabases = [\"sales\"]").unwrap();
        assert_eq!((config.catalog.as_str(), config.max_rows), ("AwsDataCatalog", 1000));
        assert_eq!(config.patience(), Duration::from_mins(1));
        assert!(config.links.enabled && !config.allow_unlimited && config.tables.is_none());
    }

    #[test]
    fn what_is_not_known_is_an_error_and_credentials_are_no_setting() {
        for wrong in [
            "databases = [\"sales\"]",
            "workgroup = \"w\"",
            "workgroup = \"w\"\ndatabases = [\"a\"]\ncredentials = [\"a\", \"b\"]",
            "workgroup = \"w\"\ndatabases = [\"a\"]\ntimeout = \"0s\"",
            "workgroup = \"w\"\ndatabases = [\"a\"]\nlinks = { valid = \"1m\" }",
        ] {
            assert!(toml::from_str::<AthenaConfig>(wrong).is_err(), "{wrong}");
        }
    }
}
