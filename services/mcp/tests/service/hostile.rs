//! Requests that no client of ours would make.

use serde_json::{Value, json};

use crate::stand::{SECRET, Stand};

const NEWEST: &str = "2026-07-28";

fn meta(version: &str) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

fn list(meta: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": {"_meta": meta}})
}

/// Sends this with the newest revision's headers, and some others.
async fn sent(stand: &Stand, more: &[(&str, &str)], body: &str) -> (u16, Value) {
    let bearer = format!("Bearer {SECRET}");
    let usual =
        [("authorization", bearer.as_str()), ("mcp-protocol-version", NEWEST), ("mcp-method", "tools/list")];
    let usual = usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let headers: Vec<_> = usual.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
    let (status, body) = stand.post(&headers, body).await;
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test]
async fn what_is_said_twice_is_the_same_or_refused() {
    let stand = Stand::new().await;
    let good = list(&meta(NEWEST)).to_string();
    assert_eq!(sent(&stand, &[], &good).await.0, 200);
    for wrong in [
        &[("mcp-method", "tools/call")][..],
        &[("mcp-method", "TOOLS/LIST")],
        &[("mcp-method", "")],
        &[("mcp-protocol-version", "2025-11-25")],
    ] {
        let (status, refused) = sent(&stand, wrong, &good).await;
        assert_eq!((status, &refused["error"]["code"]), (400, &json!(-32020)), "{wrong:?}: {refused}");
    }
}

#[tokio::test]
async fn revisions_that_nobody_knows_are_refused_with_those_that_are_known() {
    let stand = Stand::new().await;
    for version in ["2099-01-01", "v999.0.0", "", "2026-07-28 "] {
        let (status, refused) =
            sent(&stand, &[("mcp-protocol-version", version)], &list(&meta(version)).to_string()).await;
        assert_eq!(status, 400, "{version}: {refused}");
        if refused["error"]["code"] == -32022 {
            assert!(refused["error"]["data"]["supported"].as_array().unwrap().contains(&json!(NEWEST)));
        }
    }
}

#[tokio::test]
async fn metadata_that_is_wrong_is_refused() {
    let stand = Stand::new().await;
    for wrong in [
        json!({"io.modelcontextprotocol/protocolVersion": NEWEST}),
        json!({"io.modelcontextprotocol/protocolVersion": 3, "io.modelcontextprotocol/clientCapabilities": {}}),
        json!({"io.modelcontextprotocol/protocolVersion": NEWEST, "io.modelcontextprotocol/clientCapabilities": []}),
        json!([]),
        json!("x"),
        json!(null),
    ] {
        let (status, refused) = sent(&stand, &[], &list(&wrong).to_string()).await;
        assert!((400..500).contains(&status), "{wrong}: {status} {refused}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused() {
    let stand = Stand::new().await;
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deeper =
        list(&meta(NEWEST)).to_string().replace("\"params\":{", &format!("\"params\":{{\"x\":{deep},"));
    let batch = format!("[{}]", list(&meta(NEWEST)));
    let bodies = [
        "",
        "{",
        "nonsense",
        "[]",
        "null",
        "{\"jsonrpc\":\"1.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":1}",
        batch.as_str(),
        &deep,
        &deeper,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
    ];
    for body in bodies {
        let (status, refused) = sent(&stand, &[], body).await;
        assert_eq!(status, 400, "{body:.60}: {refused}");
        let code = if ["", "{", "nonsense"].contains(&body) { -32700 } else { -32600 };
        assert_eq!(refused["error"]["code"], code, "{body:.60}: {refused}");
        assert!(refused["id"].is_null() || refused["id"] == 1 || refused["id"] == 7, "{refused}");
    }
    let told = async |body: &str| sent(&stand, &[], body).await.1["error"]["message"].to_string();
    assert!(told(&batch).await.contains("batch"));
    assert!(told("{").await.contains("not JSON"));
}

#[tokio::test]
async fn a_method_that_is_not_there_is_named_and_parameters_that_do_not_fit_are_told_apart() {
    let stand = Stand::new().await;
    let good = list(&meta(NEWEST)).to_string();
    let unknown = good.replace("tools/list", "tools/drop");
    let (status, refused) = sent(&stand, &[("mcp-method", "tools/drop")], &unknown).await;
    assert_eq!((status, &refused["error"]["code"]), (404, &json!(-32601)), "{refused}");
    assert!(refused["error"]["message"].to_string().contains("no method \\\"tools/drop"), "{refused}");
    let bearer = format!("Bearer {SECRET}");
    let older = [("authorization", bearer.as_str()), ("mcp-protocol-version", "2025-11-25")];
    let nameless = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {}}).to_string();
    let refused: Value = serde_json::from_str(&stand.post(&older, &nameless).await.1).unwrap();
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[tokio::test]
async fn every_refusal_is_json_that_says_what_was_expected() {
    let stand = Stand::new().await;
    let good = list(&meta(NEWEST)).to_string();
    for (headers, expected, said) in [
        (&[("content-type", "text/plain")][..], 415, "expected application/json, got \"text/plain\""),
        (&[("accept", "text/html")], 406, "expected both application/json and text/event-stream"),
        (&[("host", "evil.example")], 403, "--mcp-host"),
        (&[("origin", "https://evil.example")], 403, "--mcp-origin"),
    ] {
        let (status, refused) = sent(&stand, headers, &good).await;
        assert_eq!((status, &refused["jsonrpc"]), (expected, &json!("2.0")), "{headers:?}: {refused}");
        assert_eq!(refused["error"]["code"], -32600, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains(said), "{refused}");
    }
    let bearer = format!("Bearer {SECRET}");
    let key = ("authorization", bearer.as_str());
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let (status, body) = stand.post(&[key, ("mcp-protocol-version", "1999-01-01")], &ping).await;
    let refused: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &refused["error"]["code"], &refused["id"]), (400, &json!(-32022), &json!(1)));
    assert!(refused["error"]["data"]["supported"].as_array().unwrap().contains(&json!(NEWEST)));
}

#[tokio::test]
async fn a_request_is_at_most_four_mebibytes() {
    let stand = Stand::new().await;
    let good = list(&meta(NEWEST)).to_string();
    let large = format!("{good}{}", " ".repeat(5 << 20));
    let bearer = format!("Bearer {SECRET}");
    let headers =
        [("authorization", bearer.as_str()), ("mcp-protocol-version", NEWEST), ("mcp-method", "tools/list")];
    let (status, body) = stand.post(&headers, &large).await;
    assert_eq!(status, 413);
    let refused: Value = serde_json::from_str(&body).unwrap();
    assert!(refused["error"]["message"].as_str().unwrap().contains("4 MiB"), "{refused}");
    let fits = format!("{good}{}", " ".repeat(3 << 20));
    assert_eq!(stand.post(&headers, &fits).await.0, 200);
}

#[tokio::test]
async fn there_is_no_session_to_open_or_to_end() {
    let stand = Stand::new().await;
    let bearer = format!("Bearer {SECRET}");
    let headers = [("authorization", bearer.as_str()), ("mcp-session-id", "guessed")];
    for method in ["GET", "DELETE", "PUT", "PATCH"] {
        let (status, body) = stand.send(method, &headers, "").await;
        let refused: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 405, "{method}: {refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("expected POST"), "{refused}");
    }
}

#[tokio::test]
async fn state_that_was_never_given_is_refused() {
    let stand = Stand::new().await;
    let call = json!({
        "name": "s3_get",
        "arguments": {"bucket": "reports", "key": "daily/a.txt"},
        "requestState": "rs1.forged",
    });
    let (_, refused) = stand.ask(SECRET, "tools/call", call).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}
