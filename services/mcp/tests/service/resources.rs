//! Objects as resources, under the policies of the tools that do the same.

use serde_json::{Value, json};
use testkit::capture_logs;

use crate::stand::{SECRET, Stand};

const URI: &str = "s3://reports/daily/a.txt";

async fn read(stand: &Stand) -> Value {
    stand.ask(SECRET, "resources/read", json!({"uri": URI})).await.1
}

async fn list(stand: &Stand) -> Value {
    stand.ask(SECRET, "resources/list", json!({})).await.1
}

#[tokio::test]
async fn reading_and_calling_have_one_rate() {
    let limits = "[tools.s3_get]\ncalls_per_minute = 2\n[tools.s3_list]\ncalls_per_minute = 1\n";
    let stand = Stand::with(limits).await;
    let call = json!({"name": "s3_get", "arguments": {"bucket": "reports", "key": "daily/a.txt"}});
    assert_eq!(stand.ask(SECRET, "tools/call", call.clone()).await.1["result"]["isError"], false);
    assert_eq!(read(&stand).await["result"]["contents"][0]["text"], "Monday");
    let refused = read(&stand).await;
    assert_eq!(refused["error"]["data"]["reason"], "TOOL_RATE_LIMITED", "{refused}");
    assert!(refused["error"]["data"]["retryAfterMs"].as_u64().unwrap() > 0, "{refused}");
    let refused = stand.ask(SECRET, "tools/call", call).await.1;
    assert_eq!(refused["result"]["_meta"]["ondol/reason"], "TOOL_RATE_LIMITED", "{refused}");
    assert_eq!(list(&stand).await["result"]["resources"].as_array().map(Vec::len), Some(1));
    assert_eq!(list(&stand).await["error"]["data"]["reason"], "TOOL_RATE_LIMITED");
}

#[tokio::test]
async fn the_switch_of_a_tool_is_that_of_its_resources() {
    let stand = Stand::with("[tools.s3_get]\nenabled = false\n[tools.s3_list]\nenabled = false\n").await;
    let refused = read(&stand).await;
    assert!(refused["error"].is_object(), "{refused}");
    assert_eq!(list(&stand).await["result"]["resources"], json!([]));
    let templates = stand.ask(SECRET, "resources/templates/list", json!({})).await.1;
    assert_eq!(templates["result"]["resourceTemplates"], json!([]));
}

#[tokio::test]
async fn reads_are_written_down_like_calls() {
    let logs = capture_logs();
    let stand = Stand::new().await;
    read(&stand).await;
    let written = |tool: &str| logs.lines_with(&["tool called", tool, "team-a"]).len();
    assert_eq!(written("s3_get"), 1);
    list(&stand).await;
    assert_eq!(written("s3_list"), 1);
}

#[tokio::test]
async fn what_is_not_there_is_told_with_its_uri() {
    let stand = Stand::new().await;
    for uri in ["s3://reports/daily/b.txt", "ondol://tools/someone/else", "ondol://tasks/x/y/record"] {
        let missing = stand.ask(SECRET, "resources/read", json!({"uri": uri})).await.1;
        assert_eq!(
            (&missing["error"]["code"], &missing["error"]["data"]["uri"]),
            (&json!(-32602), &json!(uri))
        );
        let said = missing["error"]["message"].as_str().unwrap();
        assert!(!uri.starts_with("ondol") || said.starts_with("there is nothing at this URI"), "{said}");
    }
    for cursor in ["x", "9:", "0:../", "1:2:3"] {
        let refused = stand.ask(SECRET, "resources/list", json!({"cursor": cursor})).await.1;
        assert!(
            refused["error"].is_object() || refused["result"]["resources"] == json!([]),
            "{cursor}: {refused}"
        );
    }
}

#[tokio::test]
async fn prompts_are_picked_filled_in_and_completed() {
    let prompts = "[prompts.review]\ndescription = \"Reviews.\"\ntext = \"Review {diff} for {focus}.\"\n\
                   [prompts.review.arguments]\ndiff = {}\nfocus = { choices = [\"safety\", \"speed\"] }\n";
    let stand = Stand::with(prompts).await;
    let listed = stand.ask(SECRET, "prompts/list", json!({})).await.1;
    assert_eq!(listed["result"]["prompts"][0]["arguments"][0]["name"], "diff", "{listed}");
    let asked = json!({"name": "review", "arguments": {"diff": "a", "focus": "speed"}});
    let got = stand.ask(SECRET, "prompts/get", asked).await.1;
    assert_eq!(got["result"]["messages"][0]["content"]["text"], "Review a for speed.", "{got}");
    let refused = stand.ask(SECRET, "prompts/get", json!({"name": "review", "arguments": {}})).await.1;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    let unknown = stand.ask(SECRET, "prompts/get", json!({"name": "other"})).await.1;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let argument = json!({"name": "focus", "value": "s"});
    let completed = json!({"ref": {"type": "ref/prompt", "name": "review"}, "argument": argument});
    let completed = stand.ask(SECRET, "completion/complete", completed).await.1;
    assert_eq!(completed["result"]["completion"]["values"], json!(["safety", "speed"]), "{completed}");
}
