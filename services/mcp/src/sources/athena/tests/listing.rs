//! Databases, tables, and what a table is.

use fault::{Fault, Kind};
use serde_json::{Value, json};
use tools::Caller;

use super::{fake::Script, stand::Stand};

fn table(name: &str) -> Value {
    json!({
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "total", "Type": "decimal(10,2)", "Comment": "With tax."}],
        "PartitionKeys": [{"Name": "day", "Type": "date"}],
        "Parameters": {"comment": "Orders.", "location": "s3://secret/place/"},
    })
}

#[tokio::test]
async fn the_tools_are_described() {
    let stand = Stand::with(Script::default(), "description = \"Everything that was sold.\"").await;
    let tools = stand.tools.list(&Caller::new("team-a"));
    let names: Vec<_> = tools.iter().map(|tool| tool.descriptor.name.to_string()).collect();
    assert_eq!(names, ["athena_databases", "athena_describe", "athena_query", "athena_tables"]);
    let query = &tools[2].descriptor;
    assert!(
        query.description.contains("sales, logs_*")
            && query.description.contains("Everything that was sold.")
    );
    assert!(tools.iter().all(|tool| tool.descriptor.annotations.read_only));
    assert_eq!(tools[2].policy.attempt_timeout, tools[2].policy.timeout);
}

#[tokio::test]
async fn databases_that_may_not_be_read_are_not_shown() {
    let databases = vec!["default", "hr", "information_schema", "logs_a", "logs_b", "sales"];
    let stand = Stand::with(Script { databases, ..Script::default() }, "").await;
    let answer = stand.answer("athena_databases", json!({})).await;
    assert_eq!(answer, json!({"databases": [{"name": "logs_a"}, {"name": "logs_b"}, {"name": "sales"}]}));
}

#[tokio::test]
async fn lists_go_on_until_something_may_be_shown() {
    let mut databases = vec!["hidden"; 120];
    databases.extend(["logs_a"; 60]);
    let stand = Stand::with(Script { databases, ..Script::default() }, "").await;
    let first = stand.answer("athena_databases", json!({})).await;
    assert_eq!(first["databases"].as_array().unwrap().len(), 30);
    let second = stand.answer("athena_databases", json!({"page_token": first["next_page_token"]})).await;
    assert_eq!(second["databases"].as_array().unwrap().len(), 30);
    assert_eq!(second.get("next_page_token"), None);
    assert_eq!(stand.fake.count("ListDatabases"), 4);
    // There is an end to looking within one call.
    let stand = Stand::with(Script { databases: vec!["hidden"; 2000], ..Script::default() }, "").await;
    let none = stand.answer("athena_databases", json!({})).await;
    assert!(none["databases"].as_array().unwrap().is_empty() && none["next_page_token"].is_string());
    assert_eq!(stand.fake.count("ListDatabases"), 20);
}

#[tokio::test]
async fn tables_are_listed_and_described() {
    let tables = vec![table("orders"), table("people"), table("orders_old")];
    let stand = Stand::with(Script { tables, ..Script::default() }, "tables = [\"sales.orders*\"]").await;
    let answer = stand.answer("athena_tables", json!({})).await;
    let shown =
        json!({"name": "orders", "type": "EXTERNAL_TABLE", "comment": "Orders.", "partitioned_by": ["day"]});
    assert_eq!(answer["tables"][0], shown);
    assert_eq!(answer["tables"].as_array().unwrap().len(), 2);

    let about = stand.answer("athena_describe", json!({"table": "orders"})).await;
    assert_eq!(
        about["columns"][1],
        json!({"name": "total", "type": "decimal(10,2)", "comment": "With tax."})
    );
    assert_eq!(about["partitions"], json!([{"name": "day", "type": "date"}]));
    assert!(!about.to_string().contains("secret"), "{about}");
    let told = stand.refusal("athena_describe", json!({"table": "orders_none"})).await;
    assert!(told.contains("not found"), "{told}");
}

#[tokio::test]
async fn what_may_not_be_read_is_not_described() {
    let stand = Stand::with(
        Script { tables: vec![table("people")], ..Script::default() },
        "tables = [\"sales.orders\"]",
    )
    .await;
    for (tool, arguments, field) in [
        ("athena_describe", json!({"table": "people"}), "arguments.table"),
        ("athena_describe", json!({"table": "orders$partitions"}), "arguments.table"),
        ("athena_describe", json!({"table": "x", "database": "hr"}), "arguments.database"),
        ("athena_tables", json!({"database": "hr"}), "arguments.database"),
        ("athena_tables", json!({"database": "information_schema"}), "arguments.database"),
        ("athena_tables", json!({"database": "sales.orders"}), "arguments.database"),
    ] {
        let error = stand.call(tool, arguments.clone()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{arguments}");
        assert_eq!(error.violations()[0].field, field, "{arguments}");
    }
    assert!(stand.fake.script().requests.is_empty());
}
