//! Tools over Athena, as far as nobody has to ask Athena.

use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt;

use crate::stand::{SECRET, Stand};

const ATHENA: &str = "[athena]\nregion = \"eu-central-1\"\nworkgroup = \"ondol\"\ndatabases = [\"sales\"]\n";

#[tokio::test]
async fn a_statement_is_checked_before_anybody_is_asked() {
    let stand = Stand::with(ATHENA).await;
    let status = stand.call("athena_query", json!({"sql": "SELECT *\nFROM hr.people"})).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!(violation.field, "arguments.sql");
    assert!(
        violation.description.starts_with("line 2, column 6: the table hr.people is refused"),
        "{violation:?}"
    );
}

#[tokio::test]
async fn agents_are_told_what_was_refused_and_what_is_allowed() {
    let stand = Stand::with(ATHENA).await;
    let call = json!({"name": "athena_query", "arguments": {"sql": "DROP TABLE orders"}});
    let (_, answer) = stand.ask(SECRET, "tools/call", call).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let told = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert!(told.contains("DROP is refused; allowed: one SELECT"), "{told}");
    let (_, listed) = stand.ask(SECRET, "tools/list", json!({})).await;
    let names: Vec<_> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names[..4], ["athena_databases", "athena_describe", "athena_query", "athena_tables"]);
}
