//! What is true of every query.

use std::time::Duration;

use crate::{McpError, config::AthenaConfig};

/// Rows that one answer of Athena can have, its header among them.
pub(super) const LARGEST_PAGE: usize = 1000;
/// The most rows that a tool answers with: more belong into a file.
const MOST_ROWS: usize = 10_000;
/// The most bytes of rows, far below what a process should hold of one answer.
const MOST_BYTES: usize = 4 << 20;
/// The longest life of a link to a result: whoever has it has the right.
const LONGEST_LINK: Duration = Duration::from_hours(1);
/// Athena keeps results for reuse for a week.
const OLDEST_REUSE: Duration = Duration::from_hours(7 * 24);

/// What is true of every query.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) catalog: String,
    pub(super) output: Option<String>,
    pub(super) max_rows: usize,
    pub(super) max_bytes: usize,
    /// In minutes.
    pub(super) reuse: Option<i32>,
}

impl Settings {
    pub(super) fn of(config: &AthenaConfig) -> Result<Self, McpError> {
        let wrong = |problem: String| Err(McpError::Config(format!("[athena] {problem}")));
        if config.workgroup.is_empty() || config.catalog.is_empty() {
            return wrong("workgroup and catalog must not be empty".to_owned());
        }
        if !(1..=MOST_ROWS).contains(&config.max_rows) {
            return wrong(format!("max_rows must be 1 to {MOST_ROWS}, but is {}", config.max_rows));
        }
        if !(1024..=MOST_BYTES).contains(&config.max_bytes) {
            return wrong(format!("max_bytes must be 1024 to {MOST_BYTES}, but is {}", config.max_bytes));
        }
        if let Some(output) = config.output.as_ref().filter(|output| !is_place(output)) {
            return wrong(format!("output must be s3://BUCKET/ or s3://BUCKET/PREFIX/, but is {output:?}"));
        }
        if config.reuse.is_some_and(|age| age > OLDEST_REUSE || age < Duration::from_mins(1)) {
            return wrong("reuse must be a minute to seven days (168h)".to_owned());
        }
        if config.links.valid_for.is_some_and(|life| life > LONGEST_LINK || life < Duration::from_secs(1)) {
            return wrong("links.valid_for must be a second to an hour".to_owned());
        }
        let reuse = config.reuse.map(|age| i32::try_from(age.as_secs() / 60).unwrap_or(i32::MAX));
        Ok(Self {
            catalog: config.catalog.clone(),
            output: config.output.clone(),
            max_rows: config.max_rows,
            max_bytes: config.max_bytes,
            reuse,
        })
    }
}

fn is_place(output: &str) -> bool {
    let rest = output.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    rest.is_some_and(|(bucket, prefix)| !bucket.is_empty() && (prefix.is_empty() || prefix.ends_with('/')))
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::config::AthenaConfig;

    fn settings(more: &str) -> Result<Settings, crate::McpError> {
        let text = format!("workgroup = \"w\"\ndatabases = [\"sales\"]\n{more}");
        Settings::of(&toml::from_str::<AthenaConfig>(&text).unwrap())
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        for (more, said) in [
            ("max_rows = 0", "max_rows"),
            ("max_rows = 10001", "max_rows"),
            ("max_bytes = 10", "max_bytes"),
            ("max_bytes = 5000000", "max_bytes"),
            ("output = \"bucket\"", "output"),
            ("output = \"s3:///x/\"", "output"),
            ("output = \"s3://bucket/x\"", "output"),
            ("reuse = \"30s\"", "reuse"),
            ("reuse = \"200h\"", "reuse"),
            ("catalog = \"\"", "catalog"),
            ("links = { valid_for = \"2h\" }", "links.valid_for"),
            ("links = { valid_for = \"10ms\" }", "links.valid_for"),
        ] {
            let error = settings(more).unwrap_err().to_string();
            assert!(error.starts_with("[athena]") && error.contains(said), "{more}: {error}");
        }
        let good = settings("output = \"s3://bucket/x/\"\nreuse = \"2h\"").unwrap();
        assert_eq!(good.reuse, Some(120));
        assert!(settings("output = \"s3://bucket/\"").is_ok());
    }
}
