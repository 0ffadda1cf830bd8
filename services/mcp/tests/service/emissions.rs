//! Whatever a run emits, no secret is in it.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use proto::tools::v1 as wire;
use serde_json::{Value, json};
use shop::{Mood, Shop};
use testkit::capture_logs;
use url::form_urlencoded;

use crate::{
    http::{KEY, WAYS, secrets, stand},
    stand::{SECRET, Stand, by},
};

/// Everything that an API can do with what it was sent.
fn moods() -> [Mood; 9] {
    [
        Mood::Well,
        Mood::Echoes,
        Mood::Fails(401),
        Mood::Fails(500),
        Mood::Fails(404),
        Mood::BrokenJson,
        Mood::ShortBody,
        Mood::GzipBomb,
        Mood::Redirects("http://169.254.169.254/".into()),
    ]
}

/// The ways in which a secret can be written down.
fn forms(secret: &str) -> [String; 4] {
    // Base64 of something longer that begins with it ends differently.
    let base64 = BASE64_STANDARD_NO_PAD.encode(secret);
    [
        secret.to_owned(),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        base64[..base64.len() - 2].to_owned(),
        hex::encode(secret),
    ]
}

/// What both faces answer.
async fn asked(stand: &Stand, tool: &str, arguments: &Value) -> [String; 2] {
    let by_grpc = stand.call(tool, arguments.clone()).await;
    let params = json!({"name": tool, "arguments": arguments});
    let by_protocol = stand.ask(SECRET, "tools/call", params).await.1;
    [format!("{by_grpc:?}"), by_protocol.to_string()]
}

#[tokio::test]
async fn no_secret_is_in_anything_that_a_run_emits() {
    let logs = capture_logs();
    let shop = Shop::with_key(KEY);
    let (_folder, says) = secrets();
    let policy = "[tools.shop_search]\nattempts = 2\nbackoff = \"1ms\"\ncache_ttl = \"1ms\"\n\
                  [tools.shop_echo]\ncache_ttl = \"1ms\"\n";
    let echo = "[http.shop.tools.echo]\ndescription = \"x\"\npath = \"/items\"\nresult = \"echo\"\n";
    let mut emitted = Vec::new();
    for way in WAYS {
        let stand = Box::pin(stand(&shop, &format!("[http.shop.auth]\n{way}\n{says}{echo}{policy}"))).await;
        for mood in moods() {
            shop.turn(mood);
            emitted.extend(asked(&stand, "shop_search", &json!({"query": "desk"})).await);
            emitted.extend(asked(&stand, "shop_echo", &json!({})).await);
        }
        emitted.push(stand.ask(SECRET, "tools/list", json!({})).await.1.to_string());
        let list = stand.tools().list_tools(by("scopes=", wire::ListToolsRequest::default())).await;
        emitted.push(format!("{list:?}"));
        emitted.push(stand.life.register(|registry| {
            let mut text = String::new();
            prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
            text
        }));
    }
    assert!(emitted.iter().any(|text| text.contains("[secret]")), "the API has repeated what it was sent");
    emitted.extend(logs.lines_with(&[]));
    for form in [forms(KEY), forms("token-of-the-shop")].as_flattened() {
        let told = emitted.iter().find(|text| text.contains(form.as_str()));
        assert!(told.is_none(), "{form} is in {told:?}");
    }
}
