//! An honest server, in both kinds of revisions.

use serde_json::json;
use tools::{Annotations, Content};

use super::{
    fixtures::{Fixtures, KEY, pieces},
    liar::{Asked, Liar, json_of, stream_of},
    stand::{SECRET, Stand, described},
};

const AUTH: &str = "auth = { header = \"authorization\", prefix = \"Bearer \", secret = \"key\" }\n";

/// Our own server as the upstream, which asks for a key.
async fn over(old: bool) -> (Fixtures, Stand) {
    let fixtures = Fixtures::start(old).await;
    let mut stand = Stand::new();
    stand.secret(KEY);
    let wished = format!("{AUTH}tools = [\"all\", \"refuse\"]\n");
    let pins = stand.pins(fixtures.address, &wished).await;
    stand.read(&described(fixtures.address, &format!("{wished}{pins}"))).await;
    assert_eq!(stand.look().await, [Some(true)]);
    (fixtures, stand)
}

#[tokio::test]
async fn our_own_server_is_a_server_like_any_other() {
    for old in [false, true] {
        let (_fixtures, stand) = over(old).await;
        assert_eq!(stand.names(), ["up_all", "up_refuse"], "{old}");
        let answer = stand.call("up_all", json!({"n": 2})).await.unwrap();
        assert_eq!(answer.structured, Some(json!({"sum": 3})));
        assert_eq!(answer.content, pieces());
        let refused = stand.call("up_refuse", json!({})).await.unwrap();
        assert!(refused.is_error);
        let [Content::Text(told)] = refused.content.as_slice() else { panic!("{refused:?}") };
        assert_eq!(told, "not today, ondol", "asked in our name, not in the caller's");
        let wrong = stand.call("up_all", json!({"n": "x"})).await.unwrap_err();
        assert!(wrong.to_string().contains("arguments.n"), "what does not fit is not sent: {wrong}");
    }
}

#[tokio::test]
async fn a_server_says_nothing_that_loosens_a_policy_unless_it_is_trusted() {
    let (fixtures, mut stand) = over(false).await;
    let hints =
        |stand: &Stand| stand.shown.get("up_all", &tools::Caller::new("me")).unwrap().descriptor.annotations;
    assert_eq!(hints(&stand), Annotations::UNKNOWN);
    let wished = format!("{AUTH}tools = [\"all\"]\ntrust_hints = true\n");
    let pins = stand.pins(fixtures.address, &wished).await;
    stand.read(&described(fixtures.address, &format!("{wished}{pins}"))).await;
    stand.look().await;
    assert_eq!(hints(&stand), Annotations { open_world: false, ..Annotations::READS });
}

#[tokio::test]
async fn the_newest_revision_needs_no_handshake() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, AUTH).await;
    let answer = stand.echo().await.unwrap();
    assert_eq!(answer.content, [Content::Text("heard".to_owned())]);
    assert!(liar.asked("initialize").is_empty());
    let asked = &liar.asked("tools/call")[0];
    assert_eq!(asked.header("mcp-protocol-version"), "2026-07-28");
    assert_eq!((asked.header("mcp-method"), asked.header("mcp-name")), ("tools/call", "echo"));
    assert_eq!(asked.header("authorization"), format!("Bearer {SECRET}"));
    let params = &asked.message["params"];
    assert_eq!((&params["name"], &params["arguments"]), (&json!("echo"), &json!({"text": "hello"})));
    assert_eq!(params["_meta"]["io.modelcontextprotocol/clientInfo"]["name"], "ondol");
    assert_eq!(params["_meta"]["ondol/hops"], 1);
    let said = format!("{:?}", liar.all_asked());
    assert!(!said.contains("\"me\""), "nobody is told who calls");
}

#[tokio::test]
async fn older_revisions_have_handshakes_and_sessions() {
    let liar = Liar::old().await;
    let mut stand = Stand::of(&liar, "").await;
    stand.echo().await.unwrap();
    assert_eq!(
        liar.asked("initialize")[0].message["params"]["capabilities"],
        json!({}),
        "we have nothing to be asked"
    );
    assert!(!liar.asked("notifications/initialized").is_empty());
    let asked = &liar.asked("tools/call")[0];
    assert_eq!(asked.header("mcp-session-id"), "session-1");
    assert_eq!((asked.header("mcp-protocol-version"), asked.header("mcp-method")), ("2025-06-18", ""));

    // The server has forgotten it, once.
    let greetings = liar.asked("initialize").len();
    let forgets = std::sync::atomic::AtomicBool::new(true);
    liar.says(move |asked: &Asked| {
        let forgets =
            asked.method() == "tools/call" && forgets.swap(false, std::sync::atomic::Ordering::SeqCst);
        forgets.then(|| asked.error(404, -32001))
    });
    stand.echo().await.unwrap();
    assert_eq!(liar.asked("initialize").len(), greetings + 1, "there is a new one");
    liar.says(|asked: &Asked| (asked.method() == "tools/call").then(|| asked.error(404, -32001)));
    assert!(stand.echo().await.is_err(), "but not for ever");
    stand.assembly = crate::Assembly::default();
}

#[tokio::test]
async fn streams_bring_progress_and_questions_are_refused() {
    let liar = Liar::old().await;
    let stand = Stand::of(&liar, AUTH).await;
    liar.says(|asked: &Asked| {
        let id = asked.message["id"].clone();
        (asked.method() == "tools/call").then(|| {
            let messages = [
                json!({"jsonrpc": "2.0", "id": "p", "method": "ping"}),
                json!({"jsonrpc": "2.0", "id": "s", "method": "sampling/createMessage", "params": {}}),
                json!({"jsonrpc": "2.0", "id": "e", "method": "elicitation/create", "params": {}}),
                json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                    "progressToken": id, "progress": 1, "total": 2, "message": format!("half, {SECRET}")}}),
                json!({"jsonrpc": "2.0", "id": id, "result": {"content": [], "_meta": {"secret": "x"}}}),
            ];
            stream_of(messages.map(|message| format!("data: {message}\n\n")).concat())
        })
    });
    let steps = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&steps);
    let mut asking = super::stand::call(json!({}));
    asking.progress = tools::Progress::to(move |step| seen.lock().unwrap().push(step));
    let answer = stand.shown.call("up_echo", asking).await.unwrap();
    assert_eq!(answer, tools::Output::default(), "what stood beside the answer is left behind");
    let steps = steps.lock().unwrap();
    assert_eq!(steps[0].message.as_deref(), Some("half, [secret]"));
    assert_eq!((steps[0].done, steps[0].total), (1.0, Some(2.0)));
    let replies: Vec<_> = liar.asked("").into_iter().map(|asked| asked.message).collect();
    let reply = |id: &str| replies.iter().find(|reply| reply["id"] == id).unwrap().clone();
    assert_eq!(reply("p")["result"], json!({}));
    assert_eq!(reply("s")["error"]["code"], -32601);
    assert_eq!(reply("e")["error"]["code"], -32601);
}

#[tokio::test]
async fn arguments_go_into_headers_where_the_server_wants_them() {
    let liar = Liar::new().await;
    liar.says(|asked: &Asked| {
        let mut tool = super::liar::echo();
        tool["inputSchema"]["properties"]["text"]["x-mcp-header"] = "Text".into();
        (asked.method() == "tools/list").then(|| asked.result(&json!({"tools": [tool]})))
    });
    let stand = Stand::of(&liar, "").await;
    stand.echo().await.unwrap();
    assert_eq!(liar.asked("tools/call")[0].header("mcp-param-text"), "hello");
}

#[tokio::test]
async fn a_server_that_knows_only_other_revisions_is_asked_for_one_of_those() {
    let liar = Liar::old().await;
    liar.says(|asked: &Asked| {
        let unsupported = json!({"code": -32022, "message": "no", "data": {"supported": ["2025-06-18"]}});
        let refused = json!({"jsonrpc": "2.0", "id": asked.message["id"], "error": unsupported});
        (asked.method() == "server/discover").then(|| json_of(&refused))
    });
    let stand = Stand::of(&liar, "").await;
    stand.echo().await.unwrap();
    liar.says(|asked: &Asked| {
        (asked.method() == "initialize").then(|| asked.result(&json!({"protocolVersion": "1999-01-01"})))
    });
    let told = Stand::new().survey(liar.address, "").await.unwrap_err();
    assert!(told.contains("no revision that is known"), "{told}");
}
