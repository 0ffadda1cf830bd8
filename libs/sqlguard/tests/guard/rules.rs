//! Rules that operators set.

use sqlguard::{check, still_allowed};

use crate::stand::{patterns, rules};

#[test]
fn tables_can_be_listed_one_by_one() {
    let mut rules = rules();
    rules.tables = Some(patterns(&["sales.orders", "logs_*"]));
    let may = |text: &str| check(text, "sales", &rules).is_ok();
    assert!(may("SELECT * FROM orders JOIN logs_x.anything l ON 1 = 1"));
    for attack in [
        "SELECT * FROM people",
        "SELECT * FROM sales.people",
        // In Trino a name that its own query reads is the table, unless the query is recursive for real.
        "WITH RECURSIVE people AS (SELECT * FROM people) SELECT * FROM sales.people",
        "WITH people AS (SELECT * FROM people) SELECT * FROM people",
        "WITH a AS (SELECT 1), b AS (SELECT * FROM c), c AS (SELECT 1) SELECT * FROM b",
    ] {
        assert!(!may(attack), "{attack}");
    }
    // Wherever Athena thinks that the inner name leads, there is no table of the name that it finds.
    let recursive =
        check("WITH RECURSIVE people AS (SELECT * FROM people) SELECT * FROM people", "sales", &rules);
    assert!(!recursive.unwrap().text.contains("\"sales\""));
}

#[test]
fn functions_can_be_added() {
    let mut rules = rules();
    assert!(check("SELECT my_function(1)", "sales", &rules).is_err());
    rules.functions.insert("my_function".to_owned());
    assert_eq!(check("SELECT My_Function(1)", "sales", &rules).unwrap().text, "SELECT my_function(1)");
    assert!(check("SELECT hr.my_function(1)", "sales", &rules).is_err());
}

#[test]
fn information_schema_can_be_named() {
    let mut rules = rules();
    rules.databases = patterns(&["*"]);
    assert!(check("SELECT * FROM information_schema.tables", "sales", &rules).is_err());
    rules.databases = patterns(&["*", "information_schema"]);
    assert!(check("SELECT * FROM information_schema.tables", "sales", &rules).is_ok());
}

#[test]
fn what_ran_before_is_held_to_the_rules_of_now() {
    let statement = check("WITH a AS (SELECT 1) SELECT * FROM a, orders", "sales", &rules()).unwrap();
    assert!(still_allowed(&statement.text, "sales", &rules()));
    let mut fewer = rules();
    fewer.tables = Some(patterns(&["sales.people"]));
    assert!(!still_allowed(&statement.text, "sales", &fewer));
    // Only what was written is taken, not what could be.
    assert!(!still_allowed("SELECT * FROM orders", "sales", &rules()));
}
