//! Queries, and how they end.

use std::sync::{Arc, Mutex};

use fault::{Fault, Kind};
use serde_json::json;
use tools::Progress;

use super::{
    fake::{Script, workgroup},
    stand::{Stand, call},
};

#[tokio::test]
async fn a_query_answers_with_typed_rows() {
    let script = Script {
        states: vec![json!({"State": "QUEUED"}), json!({"State": "RUNNING"}), json!({"State": "SUCCEEDED"})],
        columns: vec![("n", "integer"), ("x", "double"), ("b", "boolean"), ("s", "varchar"), ("n", "bigint")],
        rows: vec![
            vec![
                Some("1".into()),
                Some("1.5".into()),
                Some("true".into()),
                Some("a".into()),
                Some("9007199254740993".into()),
            ],
            vec![None, None, None, None, None],
        ],
        ..Script::default()
    };
    let stand = Stand::with(script, "").await;
    let answer = stand.answer("athena_query", json!({"sql": "select * from orders o"})).await;
    assert_eq!(answer["columns"][1], json!({"name": "x", "type": "double"}));
    assert_eq!(answer["rows"][0], json!([1, 1.5, true, "a", "9007199254740993"]));
    assert_eq!(answer["rows"][1], json!([null, null, null, null, null]));
    assert_eq!((&answer["scanned_bytes"], &answer["runtime_ms"]), (&json!(4096), &json!(1234)));
    assert_eq!(answer.get("next_page_token"), None);

    let query = stand.fake.script().queries[0].clone();
    assert!(
        query.text.starts_with("SELECT * FROM \"sales\".\"orders\" AS \"o\"\n/* ondol caller "),
        "{}",
        query.text
    );
    assert_eq!(query.context, json!({"Catalog": "AwsDataCatalog", "Database": "sales"}));
    assert!((32..=128).contains(&query.token.len()) && !query.is_stopped);
    // The workgroup was in order a moment ago.
    stand.answer("athena_query", json!({"sql": "SELECT 1"})).await;
    assert_eq!(stand.fake.count("GetWorkGroup"), 1);
}

#[tokio::test]
async fn what_does_not_only_read_never_reaches_athena() {
    let stand = Stand::new().await;
    for (sql, said) in [
        ("DROP TABLE orders", "line 1, column 1: DROP is refused"),
        ("SELECT 1; DELETE FROM orders", "a second statement"),
        ("SELECT * FROM hr.people", "hr.people"),
        ("SELECT 1 -- x", "a comment"),
        ("UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'CSV')", "UNLOAD"),
    ] {
        let error = stand.call("athena_query", json!({"sql": sql})).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert_eq!(error.violations()[0].field, "arguments.sql");
        assert!(error.to_string().contains(said), "{error}");
    }
    let elsewhere = json!({"sql": "SELECT 1", "database": "hr"});
    let error = stand.call("athena_query", elsewhere).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "arguments.database");
    assert!(stand.fake.script().requests.is_empty());
}

#[tokio::test]
async fn arguments_fit_the_schema() {
    let stand = Stand::new().await;
    for wrong in [
        json!({}),
        json!({"sql": ""}),
        json!({"sql": "SELECT 1", "page_token": "x"}),
        json!({"sql": "SELECT 1", "max_rows": 0}),
        json!({"sql": "SELECT 1", "max_rows": 100_000}),
        json!({"sql": "SELECT 1", "workgroup": "other"}),
        json!({"sql": "SELECT 1", "output": "s3://mine/"}),
    ] {
        let error = stand.call("athena_query", wrong.clone()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument, "{wrong}");
    }
}

#[tokio::test]
async fn what_a_caller_can_mend_is_an_answer() {
    for (status, said) in [
        (
            json!({"State": "FAILED", "StateChangeReason": "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
                   "AthenaError": {"ErrorCategory": 2, "ErrorType": 1006, "Retryable": false}}),
            &["COLUMN_NOT_FOUND", "SELECT \"x\" FROM \"sales\".\"orders\""][..],
        ),
        (
            json!({"State": "CANCELLED", "StateChangeReason": "Bytes scanned limit was exceeded"}),
            &["fewer partitions"],
        ),
        (
            json!({"State": "FAILED", "StateChangeReason": "Query exhausted resources at this scale factor",
                   "AthenaError": {"ErrorCategory": 1, "Retryable": false}}),
            &["exhausted resources"],
        ),
    ] {
        let states = vec![json!({"State": "RUNNING"}), status];
        let stand = Stand::with(Script { states, ..Script::default() }, "").await;
        let told = stand.refusal("athena_query", json!({"sql": "SELECT x FROM orders"})).await;
        for part in said {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(stand.fake.script().queries.len(), 1, "what a caller has to mend is not tried again");
        assert_eq!(stand.fake.count("StopQueryExecution"), 0);
    }
}

#[tokio::test]
async fn a_workgroup_without_a_limit_runs_nothing() {
    let managed = json!({"ManagedQueryResultsConfiguration": {"Enabled": true}, "ResultConfiguration": {}, "BytesScannedCutoffPerQuery": 1});
    for (workgroup, more, runs) in [
        (workgroup(&json!({})), "", false),
        (workgroup(&json!({})), "allow_unlimited = true", true),
        (workgroup(&json!({"BytesScannedCutoffPerQuery": 1, "ResultConfiguration": {}})), "", false),
        (
            workgroup(&json!({"BytesScannedCutoffPerQuery": 1, "ResultConfiguration": {}})),
            "output = \"s3://b/x/\"",
            true,
        ),
        (workgroup(&managed), "", true),
        (
            workgroup(
                &json!({"BytesScannedCutoffPerQuery": 1, "EngineVersion": {"EffectiveEngineVersion": "Athena engine version 2"}}),
            ),
            "",
            false,
        ),
        (json!({"Name": "ondol", "State": "DISABLED"}), "", false),
        (json!(null), "", false),
    ] {
        let script = Script { workgroup: workgroup.clone(), ..Script::default() };
        let stand = Stand::with(script, &format!("{more}\n[athena.policy]\nattempts = 1")).await;
        match stand.call("athena_query", json!({"sql": "SELECT 1"})).await {
            Ok(answer) => assert!(runs && !answer.is_error, "{workgroup}"),
            Err(error) => {
                assert!(!runs, "{workgroup}: {error}");
                assert_eq!(error.kind(), Kind::Internal);
                assert!(error.public_message().contains("its operators"), "{error}");
                assert!(stand.fake.script().queries.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn settings_reach_athena() {
    let stand =
        Stand::with(Script::default(), "output = \"s3://b/x/\"\nreuse = \"1h\"\ncatalog = \"other\"").await;
    stand.answer("athena_query", json!({"sql": "SELECT 1", "database": "logs_a"})).await;
    let script = stand.fake.script();
    let (_, asked) = script.requests.iter().find(|(kind, _)| kind == "StartQueryExecution").unwrap();
    assert_eq!(asked["ResultConfiguration"]["OutputLocation"], "s3://b/x/");
    assert_eq!(asked["WorkGroup"], "ondol");
    assert_eq!(asked["QueryExecutionContext"], json!({"Catalog": "other", "Database": "logs_a"}));
    let reuse = &asked["ResultReuseConfiguration"]["ResultReuseByAgeConfiguration"];
    assert_eq!(*reuse, json!({"Enabled": true, "MaxAgeInMinutes": 60}));
}

#[tokio::test]
async fn who_watches_is_told_how_far_it_is() {
    let states = vec![json!({"State": "QUEUED"}), json!({"State": "RUNNING"}), json!({"State": "SUCCEEDED"})];
    let stand = Stand::with(Script { states, ..Script::default() }, "").await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let mut asked = call("team-a", &json!({"sql": "SELECT 1"}));
    asked.progress = Progress::to(move |step| seen.lock().unwrap().push(step));
    stand.tools.call("athena_query", asked).await.unwrap();
    let steps = steps.lock().unwrap();
    let messages: Vec<_> = steps.iter().map(|step| step.message.clone().unwrap()).collect();
    assert_eq!(messages, ["queued, 4096 bytes scanned", "running, 4096 bytes scanned"]);
    assert!(steps.windows(2).all(|pair| pair[0].done < pair[1].done));
}
