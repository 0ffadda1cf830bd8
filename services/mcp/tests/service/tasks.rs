//! Calls that go on without their callers, by the Model Context Protocol.

use std::time::Duration;

use serde_json::{Value, json};
use shop::{Mood, Shop};

use crate::{
    http::stand,
    stand::{LISTER, SECRET, Stand},
};

/// A shop whose searches are tasks at once, and have a minute.
async fn slow(shop: &Shop, more: &str) -> Stand {
    let policy = "[tools.shop_search]\ntask_after = \"0s\"\ntimeout = \"1m\"\nattempt_timeout = \"1m\"\nattempts = 1\n";
    Box::pin(stand(shop, &format!("{policy}{more}"))).await
}

fn search() -> Value {
    json!({"name": "shop_search", "arguments": {"query": "red desk"}})
}

async fn until(stand: &Stand, id: &str, status: &str) -> Value {
    let looking = async {
        loop {
            let task = stand.ask_later(SECRET, "tasks/get", json!({"taskId": id})).await;
            if task["result"]["status"] == status {
                return task["result"].clone();
            }
            assert_eq!(task["result"]["status"], "working", "{task}");
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking).await.unwrap()
}

#[tokio::test]
async fn a_call_goes_on_as_a_task_which_only_its_caller_sees() {
    let shop = Shop::default();
    let stand = slow(&shop, "").await;
    let found = stand.ask(SECRET, "server/discover", json!({})).await.1;
    assert!(
        found["result"]["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"].is_object(),
        "{found}"
    );

    let begun = stand.ask_later(SECRET, "tools/call", search()).await;
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    let id = begun["result"]["taskId"].as_str().unwrap();
    let task = until(&stand, id, "completed").await;
    assert_eq!(task["result"]["structuredContent"]["items"][0]["title"], "red desk", "{task}");

    let by_another = stand.ask_later(LISTER, "tasks/get", json!({"taskId": id})).await;
    assert_eq!(by_another["error"]["code"], -32602, "{by_another}");
    let of_nobody = stand.ask_later(SECRET, "tasks/get", json!({"taskId": "1-2"})).await;
    assert_eq!(of_nobody["error"]["code"], -32602, "{of_nobody}");
    assert_eq!(by_another["error"]["message"], of_nobody["error"]["message"]);
    // Who does not know of tasks waits, and may not look at any.
    let waited = stand.ask(SECRET, "tools/call", search()).await.1;
    assert_eq!(waited["result"]["resultType"], "complete", "{waited}");
    let (status, refused) = stand.ask(SECRET, "tasks/get", json!({"taskId": id})).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!(-32021)), "{refused}");
}

#[tokio::test]
async fn a_task_is_cancelled_and_its_call_is_dropped() {
    let shop = Shop::default();
    let stand = slow(&shop, "").await;
    shop.turn(Mood::Stalls);
    let begun = stand.ask_later(SECRET, "tools/call", search()).await;
    let id = json!({"taskId": begun["result"]["taskId"]});
    let refused = stand.ask_later(LISTER, "tasks/cancel", id.clone()).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
    let cancelled = stand.ask_later(SECRET, "tasks/cancel", id.clone()).await;
    assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
    until(&stand, id["taskId"].as_str().unwrap(), "cancelled").await;
    assert!(left(&stand, "shop_search"), "the audit line says so");
}

#[tokio::test]
async fn a_call_whose_caller_leaves_is_dropped() {
    let shop = Shop::default();
    let stand = slow(&shop, "").await;
    shop.turn(Mood::Stalls);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": "shop_search", "arguments": {"query": "red desk"}, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let bearer = format!("Bearer {SECRET}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "shop_search"),
    ];
    let connection = stand.begin("POST", &headers, &body).await;
    let waiting = async {
        while shop.visits() == 0 {
            tokio::task::yield_now().await;
        }
        drop(connection);
        while !left(&stand, "shop_search") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

#[tokio::test]
async fn a_tool_can_be_only_for_those_who_know_of_tasks() {
    let stand = slow(&Shop::default(), "tasks_only = true\n").await;
    let (status, refused) = stand.ask(SECRET, "tools/call", search()).await;
    assert_eq!((status, &refused["error"]["code"]), (400, &json!(-32021)), "{refused}");
    let needed = &refused["error"]["data"]["requiredCapabilities"]["extensions"];
    assert!(needed["io.modelcontextprotocol/tasks"].is_object(), "{refused}");
    // To a key that may not call it, it is not there.
    let unknown = stand.ask(LISTER, "tools/call", search()).await.1;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn a_quick_call_is_answered_at_once() {
    let policy = "[tools.shop_search]\ntask_after = \"30s\"\n";
    let stand = Box::pin(stand(&Shop::default(), policy)).await;
    let answered = stand.ask_later(SECRET, "tools/call", search()).await;
    assert_eq!(answered["result"]["resultType"], "complete", "{answered}");
}

/// Whether a call of this tool was counted whose caller has left.
fn left(stand: &Stand, tool: &str) -> bool {
    let figures = stand.life.register(|registry| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text
    });
    figures.lines().any(|line| {
        line.contains("CANCELLED") && line.contains(tool) && line.contains("_total") && !line.ends_with(" 0")
    })
}
