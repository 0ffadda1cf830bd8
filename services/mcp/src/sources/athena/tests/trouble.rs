//! Athena fails, is busy, or does not let us.

use fault::{Fault, Kind};
use serde_json::json;

use super::{fake::Script, stand::Stand};

fn failing(kind: &'static str, errors: &[(u16, &'static str, &'static str)]) -> Script {
    let mut script = Script::default();
    script.errors.insert(kind, errors.iter().copied().collect());
    script
}

const BUSY: (u16, &str, &str) = (400, "TooManyRequestsException", "Rate exceeded");
const BROKEN: (u16, &str, &str) = (500, "InternalServerException", "secret host 10.0.0.1");
const DENIED: (u16, &str, &str) = (
    400,
    "AccessDeniedException",
    "User: arn:aws:iam::123456789012:role/mcp is not authorized to perform: athena:X",
);

#[tokio::test]
async fn a_start_is_tried_again_and_runs_once() {
    let stand = Stand::with(failing("StartQueryExecution", &[BUSY, BROKEN]), "").await;
    stand.answer("athena_query", json!({"sql": "SELECT 1"})).await;
    let script = stand.fake.script();
    let tokens: Vec<_> = script
        .requests
        .iter()
        .filter(|(kind, _)| kind == "StartQueryExecution")
        .map(|(_, asked)| asked["ClientRequestToken"].clone())
        .collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
    assert_eq!(script.queries.len(), 1);
}

#[tokio::test]
async fn each_call_runs_its_own_query() {
    let stand = Stand::new().await;
    stand.answer("athena_query", json!({"sql": "SELECT 1"})).await;
    stand.answer("athena_query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(stand.fake.script().queries.len(), 2, "data may have changed between them");
}

#[tokio::test]
async fn looks_that_fail_cost_no_query() {
    let stand = Stand::with(failing("GetQueryExecution", &[BUSY, BROKEN, BUSY, BROKEN]), "").await;
    stand.answer("athena_query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(stand.fake.count("StartQueryExecution"), 1);
}

#[tokio::test]
async fn what_failed_for_no_fault_of_the_query_is_begun_anew() {
    let failed = json!({"State": "FAILED", "StateChangeReason": "GENERIC_INTERNAL_ERROR",
                        "AthenaError": {"ErrorCategory": 1, "Retryable": true}});
    // It failed while the first attempt watched, so the second one is handed the same query, and leaves it behind.
    let script = Script { states: vec![json!({"State": "RUNNING"}), failed], ..Script::default() };
    let stand = Stand::with(script, "[athena.policy]\nattempts = 2").await;
    let watched = async {
        stand.fake.until(|script| script.queries.first().is_some_and(|query| query.looks >= 2)).await;
        stand.fake.change(|script| script.states = vec![json!({"State": "SUCCEEDED"})]);
    };
    let (answer, ()) = tokio::join!(stand.answer("athena_query", json!({"sql": "SELECT 1"})), watched);
    assert_eq!(answer["rows"].as_array().unwrap().len(), 3);
    let script = stand.fake.script();
    assert_eq!(script.queries.len(), 2);
    assert_ne!(script.queries[0].token, script.queries[1].token);
}

#[tokio::test]
async fn an_outage_is_athenas_and_tells_nothing() {
    let stand = Stand::with(failing("ListDatabases", &[BROKEN; 9]), "").await;
    let error = stand.call("athena_databases", json!({})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(!error.public_message().contains("10.0.0.1"), "{error}");
    assert_eq!(stand.fake.count("ListDatabases"), 3, "as often as the policy says");
}

#[tokio::test]
async fn what_operators_have_to_mend_is_no_business_of_callers() {
    for kind in ["GetWorkGroup", "StartQueryExecution", "GetQueryExecution", "GetQueryResults"] {
        let stand = Stand::with(failing(kind, &[DENIED; 9]), "").await;
        let error = stand.call("athena_query", json!({"sql": "SELECT 1"})).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Internal, "{kind}");
        assert!(error.public_message().contains("operators"), "{error}");
        assert!(!error.public_message().contains("arn:"), "{error}");
    }
}

#[tokio::test]
async fn what_athena_refuses_at_once_is_an_answer() {
    let wrong = (400, "InvalidRequestException", "line 1:8: mismatched input 'x'");
    let stand = Stand::with(failing("StartQueryExecution", &[wrong]), "").await;
    let told = stand.refusal("athena_query", json!({"sql": "SELECT 1"})).await;
    assert!(told.contains("mismatched input"), "{told}");
    // What only operators can mend is not, whatever it is called.
    let place = (400, "InvalidRequestException", "Unable to verify/create output bucket acme-secret");
    let stand = Stand::with(failing("StartQueryExecution", &[place; 9]), "").await;
    let error = stand.call("athena_query", json!({"sql": "SELECT 1"})).await.unwrap_err();
    assert!(error.kind() == Kind::Internal && !error.public_message().contains("acme"), "{error}");
    let stand = Stand::with(
        failing("GetWorkGroup", &[(400, "InvalidRequestException", "WorkGroup is not found."); 9]),
        "",
    )
    .await;
    let error = stand.call("athena_query", json!({"sql": "SELECT 1"})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read() {
    let rows = (0..20).map(|id| vec![Some(id.to_string()), Some("x".repeat(1 << 20))]).collect();
    let stand = Stand::with(Script { rows, ..Script::default() }, "").await;
    let told = stand.refusal("athena_query", json!({"sql": "SELECT * FROM t"})).await;
    assert!(told.contains("too large"), "{told}");
}

#[tokio::test]
async fn nobody_there_is_an_outage() {
    let stand = Stand::new().await;
    let life = runtime::Life::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let tools = super::stand::tools(&super::stand::config(&format!("http://{address}"), ""), &life).await;
    let error = tools.call("athena_databases", super::stand::call("team-a", &json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    drop(stand);
}
