//! Results that are larger than an answer, and whose they are.

use fault::{Fault, Kind};
use serde_json::{Value, json};
use tools::Content;

use super::{
    fake::Script,
    stand::{Stand, call, config, tools},
};

fn numbers(count: usize) -> Script {
    let rows = (0..count).map(|id| vec![Some(id.to_string()), Some(format!("name {id}"))]).collect();
    Script { rows, ..Script::default() }
}

/// All rows, page by page, and how many pages there were.
async fn all(stand: &Stand, max_rows: usize) -> (Vec<i64>, usize) {
    let mut answer =
        stand.answer("athena_query", json!({"sql": "SELECT * FROM t", "max_rows": max_rows})).await;
    let (mut found, mut pages) = (Vec::new(), 1);
    loop {
        let rows = answer["rows"].as_array().unwrap();
        assert!(rows.len() <= max_rows);
        found.extend(rows.iter().map(|row| row[0].as_i64().unwrap()));
        let Some(token) = answer["next_page_token"].as_str() else { return (found, pages) };
        let asked = json!({"page_token": token, "max_rows": max_rows});
        answer = stand.answer("athena_query", asked).await;
        assert_eq!(answer["columns"][0]["name"], "id");
        pages += 1;
    }
}

#[tokio::test]
async fn every_row_comes_once_whatever_the_size_of_pages() {
    for (count, max_rows, pages) in
        [(0, 5, 1), (5, 5, 1), (6, 5, 2), (10, 1, 10), (2500, 1000, 3), (2500, 700, 4)]
    {
        let stand = Stand::with(numbers(count), "").await;
        let (found, seen) = all(&stand, max_rows).await;
        assert_eq!(found, (0..count as i64).collect::<Vec<_>>(), "{count} by {max_rows}");
        assert_eq!(seen, pages, "{count} by {max_rows}");
        assert_eq!(stand.fake.script().queries.len(), 1, "pages scan nothing");
    }
}

#[tokio::test]
async fn bytes_end_an_answer_too() {
    let mut script = numbers(40);
    for row in &mut script.rows {
        row[1] = Some("x".repeat(200));
    }
    let stand = Stand::with(script, "max_bytes = 1024").await;
    let (found, pages) = all(&stand, 1000).await;
    assert_eq!(found, (0..40).collect::<Vec<_>>());
    assert_eq!(pages, 10);

    let mut script = numbers(2);
    script.rows[1][1] = Some("x".repeat(2000));
    let stand = Stand::with(script, "max_bytes = 1024").await;
    let first = stand.answer("athena_query", json!({"sql": "SELECT * FROM t", "max_rows": 1})).await;
    let told = stand.refusal("athena_query", json!({"page_token": first["next_page_token"]})).await;
    assert!(told.contains("larger than the 1024 bytes"), "{told}");
}

async fn first_token(stand: &Stand) -> Value {
    stand.answer("athena_query", json!({"sql": "SELECT * FROM t", "max_rows": 1})).await["next_page_token"]
        .clone()
}

#[tokio::test]
async fn a_stranger_reads_no_page_and_a_replica_does() {
    let stand = Stand::new().await;
    let token = first_token(&stand).await;
    for stranger in ["team-b", "", "TEAM-A"] {
        let asked = call(stranger, &json!({"page_token": token}));
        let error = stand.tools.call("athena_query", asked).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert_eq!(error.violations()[0].field, "arguments.page_token");
    }
    assert_eq!(stand.fake.count("GetQueryResults"), 1, "nothing was read for them");
    // Another replica has the same configuration, and nothing else in common with this one.
    let life = runtime::Life::new();
    let replica = tools(&config(&format!("http://{}", stand.fake.address), ""), &life).await;
    let answer = replica.call("athena_query", call("team-a", &json!({"page_token": token}))).await.unwrap();
    assert_eq!(answer.structured.unwrap()["rows"], json!([[2, "name 2"], [3, "name 3"]]));
}

#[tokio::test]
async fn a_page_is_held_to_the_rules_of_now() {
    let stand = Stand::new().await;
    let token = first_token(&stand).await;
    let life = runtime::Life::new();
    for stricter in ["tables = [\"sales.orders\"]", "catalog = \"other\""] {
        let stricter = config(&format!("http://{}", stand.fake.address), stricter);
        let tools = tools(&stricter, &life).await;
        let error =
            tools.call("athena_query", call("team-a", &json!({"page_token": token}))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    }
}

#[tokio::test]
async fn pages_of_what_has_not_ended_well_are_none() {
    let stand = Stand::with(
        Script {
            states: vec![json!({"State": "SUCCEEDED"}), json!({"State": "FAILED"})],
            ..Script::default()
        },
        "",
    )
    .await;
    let token = first_token(&stand).await;
    assert!(stand.call("athena_query", json!({"page_token": token})).await.is_err());
    assert!(stand.call("athena_query", json!({"page_token": "nonsense"})).await.is_err());
}

#[tokio::test]
async fn a_result_that_is_larger_has_a_link() {
    let stand =
        Stand::with(numbers(3), "links = { endpoint = \"http://127.0.0.1:9\", valid_for = \"1m\" }").await;
    let asked = json!({"sql": "SELECT * FROM t", "max_rows": 2});
    let answer = stand.call("athena_query", asked.clone()).await.unwrap();
    let structured = answer.structured.clone().unwrap();
    let url = structured["result_url"].as_str().unwrap();
    let id = structured["query_id"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://127.0.0.1:9/results/ondol/{id}.csv?")), "{url}");
    assert!(url.contains("X-Amz-Expires=60") && url.contains("X-Amz-Signature="), "{url}");
    assert!(answer.content.iter().any(|content| matches!(content, Content::Link(link) if link.uri == url)));

    let all = stand.answer("athena_query", json!({"sql": "SELECT * FROM t"})).await;
    assert_eq!(all.get("result_url"), None, "an answer that is all of it needs none");
    let stand = Stand::with(numbers(3), "links = { enabled = false }").await;
    assert_eq!(stand.answer("athena_query", asked).await.get("result_url"), None);
}
