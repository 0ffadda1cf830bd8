//! The rules of these tests.

use sqlguard::{Pattern, Rules, SqlError, Statement, check};

pub fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
}

/// `sales` and `logs_…` of one catalog.
pub fn rules() -> Rules {
    Rules::new("AwsDataCatalog", patterns(&["sales", "logs_*"]))
}

/// Checks a text by these rules; names without a database are in `sales`.
pub fn checked(text: &str) -> Result<Statement, SqlError> {
    check(text, "sales", &rules())
}

/// What would run.
pub fn written(text: &str) -> String {
    checked(text).unwrap().text
}
