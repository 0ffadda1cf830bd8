//! Tools by the Model Context Protocol.

use proto::tools::v1::CallToolRequest;
use serde_json::json;

use crate::stand::{LISTER, SECRET, Stand, by};

#[tokio::test]
async fn a_server_is_discovered_and_its_tools_are_listed_and_called() {
    let stand = Stand::new().await;
    let (status, found) = stand.ask(SECRET, "server/discover", json!({})).await;
    assert_eq!(status, 200, "{found}");
    let versions = found["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{found}");
    let extensions = &found["result"]["capabilities"]["extensions"];
    assert!(extensions["io.modelcontextprotocol/tasks"].is_object(), "{found}");

    let (_, listed) = stand.ask(SECRET, "tools/list", json!({})).await;
    let names: Vec<_> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["s3_get", "s3_list", "s3_presign", "s3_put", "s3_stat"]);
    assert_eq!(listed["result"]["cacheScope"], "private");
    assert!(listed["result"]["ttlMs"].is_u64());

    let call = json!({"name": "s3_get", "arguments": {"bucket": "reports", "key": "daily/a.txt"}});
    let (_, answer) = stand.ask(SECRET, "tools/call", call).await;
    assert_eq!(answer["result"]["structuredContent"]["text"], "Monday", "{answer}");
    assert_eq!(answer["result"]["content"][0]["text"], "Monday");
}

#[tokio::test]
async fn a_call_of_a_tool_is_part_of_its_callers_trace_by_either_door() {
    let logs = testkit::capture_logs();
    let stand = Stand::new().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    let arguments = json!({"bucket": "reports", "key": "daily/a.txt"});

    let mut request = by(
        "scopes=",
        CallToolRequest {
            name: "tools/s3_get".to_owned(),
            arguments: Some(contract::message_struct(arguments.as_object().unwrap())),
        },
    );
    request.metadata_mut().insert("traceparent", parent.parse().unwrap());
    stand.tools().call_tool(request).await.unwrap();

    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({"name": "s3_get", "arguments": arguments, "_meta": meta});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
    let headers = [
        ("authorization", &*format!("Bearer {SECRET}")),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", "tools/call"),
        ("mcp-name", "s3_get"),
        ("traceparent", &parent),
    ];
    let (status, answer) = stand.post(&headers, &body.to_string()).await;
    assert_eq!(status, 200, "{answer}");

    let told = logs.lines_with(&["tool called", trace, "\"principal\":\"team-a\"", "\"req_id\":"]);
    assert_eq!(told.len(), 2, "{told:?}");
}

#[tokio::test]
async fn what_a_model_can_mend_is_an_answer_and_an_unknown_tool_is_an_error() {
    let stand = Stand::new().await;
    let call = |arguments| json!({"name": "s3_get", "arguments": arguments});
    let wrong = stand.ask(SECRET, "tools/call", call(json!({"bucket": "reports", "key": "../x"}))).await.1;
    assert_eq!(wrong["result"]["isError"], true, "{wrong}");
    let (_, unknown) = stand.ask(SECRET, "tools/call", json!({"name": "s3_drop", "arguments": {}})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
}

#[tokio::test]
async fn objects_are_resources_of_those_who_may_read_them() {
    let stand = Stand::new().await;
    let (_, listed) = stand.ask(SECRET, "resources/list", json!({})).await;
    let uri = listed["result"]["resources"][0]["uri"].clone();
    assert_eq!(uri, "s3://reports/daily/a.txt", "{listed}");
    let (_, read) = stand.ask(SECRET, "resources/read", json!({"uri": uri})).await;
    assert_eq!(read["result"]["contents"][0]["text"], "Monday", "{read}");
    let (_, templates) = stand.ask(SECRET, "resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"][0]["uriTemplate"], "s3://reports/{+key}");
    for uri in
        ["s3://reports/secret.txt", "s3://reports/daily/../x", "s3://other/daily/a.txt", "file:///etc/passwd"]
    {
        let (_, refused) = stand.ask(SECRET, "resources/read", json!({"uri": uri})).await;
        assert!(refused["error"].is_object(), "{uri}: {refused}");
    }
    let (_, denied) = stand.ask(LISTER, "resources/read", json!({"uri": "s3://reports/daily/a.txt"})).await;
    assert!(denied["error"].is_object(), "{denied}");
}

#[tokio::test]
async fn a_key_sees_its_own_tools() {
    let stand = Stand::new().await;
    let (_, listed) = stand.ask(LISTER, "tools/list", json!({})).await;
    let names: Vec<_> =
        listed["result"]["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    assert_eq!(names, ["s3_list"]);
    // The header says one thing and the body another: the body counts, and both are checked against each other.
    let call = json!({"name": "s3_get", "arguments": {"bucket": "reports", "key": "daily/a.txt"}});
    let (_, refused) = stand.ask(LISTER, "tools/call", call).await;
    assert_eq!(refused["error"]["code"], -32602, "{refused}");
}

#[tokio::test]
async fn strangers_other_hosts_and_browsers_are_refused() {
    let stand = Stand::new().await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string();
    let key = format!("Bearer {SECRET}");
    assert_eq!(stand.post(&[], &body).await.0, 401);
    assert_eq!(stand.post(&[("authorization", "Bearer guessed")], &body).await.0, 401);
    let rebound = [("authorization", key.as_str()), ("host", "evil.example")];
    assert_eq!(stand.post(&rebound, &body).await.0, 403);
    let browser = [("authorization", key.as_str()), ("origin", "https://evil.example")];
    assert_eq!(stand.post(&browser, &body).await.0, 403);
}

#[tokio::test]
async fn tokens_are_looked_at_as_such_beside_keys_that_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identities.toml");
    // Nobody is there, and a token of another issuer is no reason to wait for that.
    let table = "[[issuers]]\nname = \"corp\"\nissuer = \"http://127.0.0.1:1\"\naudiences = [\"ondol\"]\n";
    std::fs::write(&file, table).unwrap();
    runtime::install_crypto_provider();
    let stand = Stand::started("", &["--identities-file", file.to_str().unwrap()]).await;
    assert_eq!(stand.ask(SECRET, "tools/list", json!({})).await.0, 200);
    // {"alg":"RS256"}, with {"iss":"x"} and with {"iss":"http://127.0.0.1:1"}
    let strange = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln";
    let (status, said) = stand.ask(strange, "tools/list", json!({})).await;
    assert_eq!((status, said.to_string().contains("issuer")), (401, true), "{said}");
    let known = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjEifQ.c2ln";
    let (status, said) = stand.ask(known, "tools/list", json!({})).await;
    assert_eq!((status, said.to_string().contains("ISSUER_UNAVAILABLE")), (503, true), "{said}");
}

#[tokio::test]
async fn older_revisions_are_answered_too() {
    let stand = Stand::new().await;
    let key = format!("Bearer {SECRET}");
    let ask = async |body: serde_json::Value, version: Option<&str>| {
        let mut headers = vec![("authorization", key.as_str())];
        headers.extend(version.map(|version| ("mcp-protocol-version", version)));
        let (status, body) = stand.post(&headers, &body.to_string()).await;
        (status, serde_json::from_str::<serde_json::Value>(&body).unwrap_or_default())
    };
    for version in ["2025-11-25", "2025-06-18", "2025-03-26"] {
        let client = json!({"name": "test", "version": "1"});
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        let (status, met) =
            ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}), None).await;
        assert_eq!((status, &met["result"]["protocolVersion"]), (200, &json!(version)), "{met}");
        // Those revisions have other tasks, or none.
        let offered = &met["result"]["capabilities"];
        assert!(offered["tools"].is_object() && offered["extensions"].is_null(), "{met}");
        let (_, listed) =
            ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}), Some(version)).await;
        assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(5), "{version}: {listed}");
    }
}
