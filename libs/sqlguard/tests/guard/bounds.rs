//! There is an end to everything.

use sqlguard::SqlError;

use crate::stand::checked;

#[test]
fn nesting_and_chains_end() {
    let nested = |opening: &str, closing: &str, levels: usize| {
        format!("SELECT {}1{}", opening.repeat(levels), closing.repeat(levels))
    };
    for (name, text) in [
        ("parentheses", nested("(", ")", 1500)),
        ("open parentheses", format!("SELECT {}", "(".repeat(4000))),
        ("calls", nested("abs(", ")", 900)),
        ("arrays", nested("ARRAY[", "]", 900)),
        ("cases", nested("CASE WHEN ", " THEN 1 END", 500)),
        ("casts", nested("CAST(", " AS BIGINT)", 600)),
        ("types", format!("SELECT CAST(1 AS {}BIGINT{})", "ARRAY(".repeat(900), ")".repeat(900))),
        ("rows", format!("SELECT CAST(1 AS {}BIGINT{})", "ROW(".repeat(900), ")".repeat(900))),
        ("subqueries", format!("{}1{}", "SELECT (".repeat(600), ")".repeat(600))),
        ("derived tables", format!("{}SELECT 1{}", "SELECT * FROM (".repeat(500), ")".repeat(500))),
        ("derived tables that fail", format!("SELECT * FROM {}", "(".repeat(2000))),
        ("names in WITH", format!("{}SELECT 1{}", "WITH a AS (".repeat(500), ") SELECT 1".repeat(500))),
        ("joins", format!("SELECT * FROM {}t{}", "(".repeat(900), " JOIN u ON 1 = 1)".repeat(300))),
        ("lambdas", format!("SELECT transform(a, {}1) FROM t", "x -> ".repeat(900))),
        ("signs", format!("SELECT {}1", "- ".repeat(2000))),
        ("NOT", format!("SELECT {}true", "NOT ".repeat(2000))),
        ("a sum", format!("SELECT 1{}", " + 1".repeat(2000))),
        ("a chain of OR", format!("SELECT a FROM t WHERE a = 1{}", " OR a = 1".repeat(900))),
        ("IS NULL", format!("SELECT 1{}", " IS NULL".repeat(1900))),
        ("time zones", format!("SELECT a{}", " AT TIME ZONE 'x'".repeat(900))),
        ("unions", format!("SELECT 1{}", " UNION SELECT 1".repeat(1300))),
        ("intervals", format!("SELECT {}'1' DAY", "INTERVAL ".repeat(1500))),
        ("cases that fail", format!("SELECT {}", "case-".repeat(1900))),
        ("positions that fail", format!("SELECT {}", "POSITION(".repeat(1900))),
        ("IF that fails", format!("SELECT {}", "IF(current_time(".repeat(900))),
    ] {
        assert!(checked(&text).is_err(), "{name}");
    }
}

#[test]
fn reasonable_nesting_and_chains_pass() {
    for text in [
        format!("SELECT {}1{}", "(".repeat(15), ")".repeat(15)),
        format!("SELECT 1{}", " + 1".repeat(100)),
        format!("SELECT a FROM t WHERE a IN (1{})", ", 1".repeat(1500)),
        format!("{}SELECT 1{}", "SELECT * FROM (".repeat(8), ")".repeat(8)),
    ] {
        checked(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn length_and_number_end() {
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    assert!(matches!(checked(&long), Err(SqlError::TooLong { .. })));
    let many = format!("SELECT 1{}", ", 1".repeat(3000));
    assert!(matches!(checked(&many), Err(SqlError::TooMany { .. })));
}
