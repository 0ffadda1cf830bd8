//! Tools over a REST API, with a shop that misbehaves on command behind them.

use std::{fmt::Write as _, fs, time::Duration};

use serde_json::{Value, json};
use shop::{Mood, Shop};
use tokio::net::TcpListener;
use tonic::Code;
use tonic_types::StatusExt;

use crate::stand::{Stand, structured};

pub const KEY: &str = "correct horse/battery+staple";

/// The service with the shipped example, and the shop behind it.
pub async fn stand(shop: &Shop, more: &str) -> Stand {
    serving(shop, shop::TOOLS, more).await
}

async fn serving(shop: &Shop, tools: &str, more: &str) -> Stand {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tools = tools.replace(shop::ADDRESS, &address.to_string());
    let more = more.replace("SHOP", &address.to_string());
    let stand = Stand::with(&format!("{tools}\n{more}")).await;
    let (shop, end) = (shop.clone(), stand.life.draining());
    stand.life.spawn("shop", async move { shop::serve(&shop, listener, end).await });
    stand
}

/// The same without what hides an upstream's failures.
async fn bare(shop: &Shop) -> Stand {
    let policy = "[tools.shop_search]\nattempts = 1\nattempt_timeout = \"500ms\"\ncache_ttl = \"1ms\"\nbreaker.enabled = false\n";
    Box::pin(stand(shop, policy)).await
}

async fn search(stand: &Stand, arguments: Value) -> Result<Value, tonic::Status> {
    stand.call("shop_search", arguments).await.map(|answer| {
        assert!(!answer.is_error, "{answer:?}");
        structured(&answer)
    })
}

#[tokio::test]
async fn the_shipped_example_searches_sorts_and_pages() {
    let stand = stand(&Shop::default(), "").await;
    let found = search(&stand, json!({"query": "red desk"})).await.unwrap();
    let first = &found["items"][0];
    assert_eq!((first["title"].as_str(), first["currency"].as_str()), (Some("red desk"), Some("EUR")));
    for field in ["price", "mall", "link", "image"] {
        assert!(first[field].is_string(), "{field}: {first}");
    }
    assert!(first.get("warehouse").is_none(), "what is not asked for stays away");
    let cheap = search(&stand, json!({"query": "lamp", "sort": "price_asc"})).await.unwrap();
    let dear = search(&stand, json!({"query": "lamp", "sort": "price_desc"})).await.unwrap();
    assert_eq!(cheap["items"][0], dear["items"][11]);
    let second = search(&stand, json!({"query": "red", "page": 2})).await.unwrap();
    assert_eq!(second["page"], 2);
    for (wrong, field) in [
        (json!({}), "arguments"),
        (json!({"query": "x", "sort": "best"}), "arguments.sort"),
        (json!({"query": "x", "page": 0}), "arguments.page"),
        (json!({"query": "x", "size": 3}), "arguments"),
    ] {
        let refused = search(&stand, wrong.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong}");
        let violations = refused.get_details_bad_request().unwrap().field_violations;
        assert!(violations[0].field.starts_with(field), "{violations:?}");
    }
}

#[tokio::test]
async fn what_many_ask_is_asked_once() {
    let shop = Shop::default();
    let stand = stand(&shop, "").await;
    let calls = (0..8).map(|_| search(&stand, json!({"query": "red desk"})));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(shop.visits(), 1);
}

#[tokio::test]
async fn an_upstream_in_trouble_is_told_by_its_kind() {
    let shop = Shop::default();
    let stand = bare(&shop).await;
    for (mood, code) in [
        (Mood::Fails(500), Code::Unavailable),
        (Mood::Busy(7), Code::Unavailable),
        (Mood::Fails(429), Code::Unavailable),
        (Mood::Stalls, Code::DeadlineExceeded),
        (Mood::Drips, Code::DeadlineExceeded),
        (Mood::BrokenJson, Code::DataLoss),
        (Mood::WrongShape, Code::DataLoss),
        (Mood::Html, Code::DataLoss),
        (Mood::ShortBody, Code::Unavailable),
        (Mood::Endless, Code::FailedPrecondition),
        (Mood::GzipBomb, Code::FailedPrecondition),
        (Mood::Redirects("http://169.254.169.254/latest/meta-data".into()), Code::PermissionDenied),
        (Mood::Redirects("http://elsewhere.example/".into()), Code::PermissionDenied),
        (Mood::Redirects("file:///etc/passwd".into()), Code::PermissionDenied),
    ] {
        shop.turn(mood.clone());
        let error = search(&stand, json!({"query": format!("{mood:?}")})).await.unwrap_err();
        assert_eq!(error.code(), code, "{mood:?}: {error}");
        if mood == Mood::Busy(7) {
            let wait = error.get_details_retry_info().unwrap().retry_delay.unwrap();
            assert_eq!(wait, Duration::from_secs(7));
        }
    }
    shop.turn(Mood::Well);
    search(&stand, json!({"query": "lamp"})).await.unwrap();
}

#[tokio::test]
async fn what_the_caller_can_mend_is_an_answer() {
    let shop = Shop::default();
    let item = "[http.shop.tools.item]\ndescription = \"One item\"\npath = \"/items/{id}\"\n\
                [http.shop.tools.item.parameters]\nid = { type = \"string\" }\n\
                [tools.shop_item]\nattempts = 1\n";
    let stand = stand(&shop, item).await;
    let answer = stand.call("shop_item", json!({"id": "desk-red"})).await.unwrap();
    assert_eq!(structured(&answer)["name"], "red desk");
    let answer = stand.call("shop_item", json!({"id": "submarine"})).await.unwrap();
    assert!(answer.is_error && format!("{answer:?}").contains("there is no such item"), "{answer:?}");
    let visits = shop.visits();
    for attack in ["..", ".", "", "desk-red\r\nx: y", "../items", "x/../../items", "..;/items"] {
        let refused = stand.call("shop_item", json!({ "id": attack })).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{attack:?}");
    }
    assert_eq!(shop.visits(), visits, "none of them went out");
}

#[tokio::test]
async fn failures_open_the_breaker_of_the_host_and_a_probe_closes_it() {
    let shop = Shop::default();
    let policy = "[tools.shop_search]\nattempts = 1\ncache_ttl = \"1ms\"\n\
                  breaker = { min_calls = 4, window = \"10s\", open_for = \"300ms\", probes = 1 }\n";
    let stand = stand(&shop, policy).await;
    shop.turn(Mood::Fails(500));
    for number in 0..4 {
        search(&stand, json!({"query": format!("q{number}")})).await.unwrap_err();
    }
    let visits = shop.visits();
    let open = search(&stand, json!({"query": "desk"})).await.unwrap_err();
    assert_eq!((open.code(), shop.visits()), (Code::Unavailable, visits), "{open}");
    let info = open.get_details_error_info().unwrap();
    assert_eq!(info.reason, "UPSTREAM_BREAKER_OPEN");
    assert!(open.get_details_retry_info().unwrap().retry_delay.unwrap() <= Duration::from_millis(300));
    shop.turn(Mood::Well);
    let healed = async {
        while search(&stand, json!({"query": "desk"})).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), healed).await.unwrap();
}

#[tokio::test]
async fn where_an_api_leads_to_fails_without_blame_for_the_api() {
    let (shop, other) = (Shop::default(), Shop::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let policy =
        "[tools.shop_search]\nattempts = 1\ncache_ttl = \"1ms\"\nbreaker = { min_calls = 2, probes = 1 }\n";
    let stand = led(&shop, policy, &address.to_string()).await;
    let (served, end) = (other.clone(), stand.life.draining());
    stand.life.spawn("other", async move { shop::serve(&served, listener, end).await });

    shop.turn(Mood::Redirects(format!("http://{address}/items?query=x")));
    other.turn(Mood::Fails(500));
    for number in 0..5 {
        let error = search(&stand, json!({"query": format!("q{number}")})).await.unwrap_err();
        assert_eq!(error.get_details_error_info().unwrap().reason, "UPSTREAM_FAILED", "{error}");
        assert!(error.message().contains(&format!("led to {address}, which failed")), "{error}");
    }
    shop.turn(Mood::Redirects("http://127.0.0.1:9/".into()));
    let refused = search(&stand, json!({"query": "port"})).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    shop.turn(Mood::Well);
    search(&stand, json!({"query": "lamp"})).await.unwrap();
}

/// The shop, which may lead to this address.
async fn led(shop: &Shop, more: &str, address: &str) -> Stand {
    let tools = shop::TOOLS.replace("[http.shop]\n", &format!("[http.shop]\nhosts = [{address:?}]\n"));
    serving(shop, &tools, more).await
}

/// Ways to be let in, with the key in a file.
pub const WAYS: [&str; 7] = [
    "header = \"x-shop-key\"\nsecret = \"shop\"",
    "header = \"x-shop-key\"\nsecret = \"json#key\"",
    "header = \"authorization\"\nprefix = \"Bearer \"\nsecret = \"shop\"",
    "query = \"key\"\nsecret = \"shop\"",
    "user = \"tools\"\nsecret = \"shop\"",
    "oauth = { token_url = \"http://SHOP/token\", client_id = \"tools\", secret = \"shop\" }",
    "oauth = { token_url = \"http://SHOP/token\", client_id = \"tools\", secret = \"shop\", secret_in_body = true }",
];

/// A folder with the key, and what says so.
pub fn secrets() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("shop"), format!("{KEY}\n")).unwrap();
    fs::write(folder.path().join("json"), json!({ "key": KEY }).to_string()).unwrap();
    let says = format!("[secrets]\nfolder = \"{}\"\n", folder.path().display());
    (folder, says)
}

#[tokio::test]
async fn keys_are_sent_and_never_told() {
    let shop = Shop::with_key(KEY);
    let (_folder, says) = secrets();
    for way in WAYS {
        let way = format!("[http.shop.auth]\n{way}\n");
        shop.turn(Mood::Well);
        let found = search(&stand(&shop, &format!("{way}{says}")).await, json!({"query": "red desk"})).await;
        assert!(found.is_ok(), "{way}: {found:?}");
        // An upstream that repeats what it was sent.
        shop.turn(Mood::Echoes);
        let echo = "[http.shop.tools.echo]\ndescription = \"x\"\npath = \"/items\"\nresult = \"echo\"\n";
        let stand = stand(&shop, &format!("{way}{echo}{says}")).await;
        let answer = stand.call("shop_echo", json!({})).await.unwrap();
        let told = format!("{answer:?}");
        assert!(told.contains("[secret]"), "{way}: {told}");
        for part in [KEY, "battery", "token-of-the-shop"] {
            assert!(!told.contains(part), "{way}: {told}");
        }
    }
}

#[tokio::test]
async fn a_token_is_used_until_it_is_refused() {
    let shop = Shop::with_key(KEY);
    let (_folder, says) = secrets();
    let way = format!("[http.shop.auth]\n{}\n", WAYS[5]);
    let policy = "[tools.shop_search]\nattempts = 1\ncache_ttl = \"1ms\"\n";
    let stand = stand(&shop, &format!("{way}{says}{policy}")).await;
    search(&stand, json!({"query": "desk"})).await.unwrap();
    shop.revoke_tokens();
    search(&stand, json!({"query": "lamp"})).await.unwrap();
    assert_eq!(shop.visits(), 3, "once, then once refused and once with the next token");
}

#[tokio::test]
async fn a_rotated_key_is_found_without_a_restart() {
    let shop = Shop::with_key(KEY);
    let (folder, says) = secrets();
    let way = format!("[http.shop.auth]\n{}\n", WAYS[0]);
    fs::write(folder.path().join("shop"), "an old key").unwrap();
    let policy = "[tools.shop_search]\nattempts = 1\ncache_ttl = \"1ms\"\nbreaker.enabled = false\n";
    let stand = stand(&shop, &format!("{way}{says}{policy}")).await;
    let refused = search(&stand, json!({"query": "desk"})).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(!refused.message().contains("an old key"), "{refused}");
    fs::write(folder.path().join("shop"), KEY).unwrap();
    let found = async {
        while search(&stand, json!({"query": "desk"})).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), found).await.unwrap();
}

#[tokio::test]
async fn a_missing_secret_is_the_operators_and_not_told() {
    let shop = Shop::with_key(KEY);
    let (folder, says) = secrets();
    fs::remove_file(folder.path().join("shop")).unwrap();
    let way = format!("[http.shop.auth]\n{}\n", WAYS[0]);
    let stand = stand(&shop, &format!("{way}{says}")).await;
    let error = search(&stand, json!({"query": "desk"})).await.unwrap_err();
    assert_eq!(error.get_details_error_info().unwrap().reason, "CREDENTIALS_MISSING");
    assert!(!error.message().contains("shop\"") && !error.message().contains("folder"), "{error}");
    assert_eq!(shop.visits(), 0);
}

/// Everything that is wrong with a description is found before the tools are there, with its place.
#[tokio::test]
async fn descriptions_that_cannot_be_are_told_with_their_place() {
    for (text, place, said) in [
        ("url = \"nonsense\"", "[http.a]", "url"),
        ("url = \"http://a.example\"", "[http.a]", "http"),
        ("url = \"https://me:pw@a.example\"", "[http.a]", "password"),
        ("url = \"https://a.example\"\nprivate = [\"x\"]", "[http.a]", "private"),
        ("url = \"https://a.example\"\nmax_bytes = 999999999999", "[http.a]", "max_bytes"),
        (
            "url = \"https://a.example\"\nauth = { header = \"host\", secret = \"x\" }",
            "[http.a]",
            "auth.header",
        ),
        ("url = \"https://a.example\"\nauth = { header = \"x-k\" }", "[http.a]", "auth.secret"),
        ("url = \"https://a.example\"\nauth = { secret = \"x\" }", "[http.a]", "auth"),
        (
            "url = \"https://a.example\"\ntools.t = { description = \"x\", path = \"t\" }",
            "[http.a.tools.t]",
            "path",
        ),
        (
            "url = \"https://a.example\"\ntools.t = { description = \"x\", path = \"/t\", result = \"a[\" }",
            "[http.a.tools.t]",
            "result",
        ),
        (
            "url = \"https://a.example\"\ntools.t = { description = \"x\", path = \"/t\", output = { type = 3 } }",
            "[http.a.tools.t]",
            "output",
        ),
    ] {
        let config = format!("[http.a]\n{text}\n[secrets]\nfolder = \".\"\n");
        let config = mcp::Config::parse(&config).unwrap();
        let means = mcp::Means::register(&mut prometheus_client::registry::Registry::default(), None);
        let problem = mcp::Assembly::of(&config, &means).await.err().unwrap().to_string();
        assert!(problem.starts_with(place) && problem.contains(said), "{text}: {problem}");
    }
    let nowhere = "[http.a]\nurl = \"https://a.example\"\nauth = { header = \"x-k\", secret = \"x\" }\n";
    let means = mcp::Means::register(&mut prometheus_client::registry::Registry::default(), None);
    let problem =
        mcp::Assembly::of(&mcp::Config::parse(nowhere).unwrap(), &means).await.err().unwrap().to_string();
    assert!(problem.contains("[secrets]"), "{problem}");
    let mut wrong =
        String::from("[http.a]\nurl = \"https://a.example\"\nauth = { header = \"x-k\", secret = \"");
    let _ = write!(wrong, "hunter2 hunter2\" }}");
    let problem = mcp::Config::parse(&wrong).unwrap_err().to_string();
    assert!(!problem.contains("hunter2") && problem.contains("NAME#FIELD"), "{problem}");
}

/// Tools out of the shop's own document: one as it is, one under another name and with another answer.
#[tokio::test]
async fn a_document_describes_tools() {
    let shop = Shop::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.json");
    fs::write(&file, shop::OPENAPI).unwrap();
    let api = format!(
        "[http.api]\nurl = \"http://SHOP\"\nplain_http = true\nprivate = [\"127.0.0.0/8\"]\nopenapi = \"{}\"\n\
         operations = [\"getItem\"]\n[http.api.tools.cheapest]\noperation = \"searchItems\"\n\
         description = \"What costs least\"\nset = {{ sort = \"price_asc\", page_size = 1 }}\nresult = \"items[0].name\"\n",
        file.display()
    );
    let stand = stand(&shop, &api).await;
    let item = stand.call("api_getItem", json!({"id": "desk-red"})).await.unwrap();
    assert_eq!(structured(&item)["name"], "red desk");
    let cheapest = stand.call("api_cheapest", json!({"query": "lamp"})).await.unwrap();
    assert!(structured(&cheapest)["result"].as_str().unwrap().contains("lamp"));
    let refused = stand.call("api_cheapest", json!({"query": "lamp", "sort": "newest"})).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "what is set is not asked for");
    for (wrong, said) in [
        ("operations = [\"sellItem\"]", "searchItems"),
        ("tools.t = { operation = \"getItem\", path = \"/x\" }", "path"),
        ("tools.t = { operation = \"getItem\", set = { nobody = 1 } }", "set.nobody"),
        ("openapi = \"missing.json\"", "missing.json"),
    ] {
        let document = if wrong.starts_with("openapi") { "" } else { "openapi = \"shop.json\"\n" };
        let text = format!("[http.a]\nurl = \"https://a.example\"\n{document}{wrong}\n");
        fs::write(folder.path().join("tools.toml"), text).unwrap();
        let config = mcp::Config::read(&folder.path().join("tools.toml")).unwrap();
        let means = mcp::Means::register(&mut prometheus_client::registry::Registry::default(), None);
        let problem = mcp::Assembly::of(&config, &means).await.err().unwrap().to_string();
        assert!(problem.contains(said), "{wrong}: {problem}");
    }
}

/// Most documents forget to say that a body is required, and would take orders of nothing.
#[tokio::test]
async fn a_body_that_may_be_left_out_is_whole_where_it_is_sent() {
    let (shop, folder) = (Shop::default(), tempfile::tempdir().unwrap());
    let file = folder.path().join("orders.json");
    let order = json!({
        "type": "object", "required": ["item", "count"],
        "properties": {"item": {"type": "string"}, "count": {"type": "integer"}, "note": {"type": "string"}},
    });
    let body = json!({"content": {"application/json": {"schema": order}}});
    let operation = json!({"operationId": "order", "summary": "x", "requestBody": body, "responses": {}});
    let info = json!({"title": "x", "version": "1"});
    let document = json!({"openapi": "3.1.0", "info": info, "paths": {"/orders": {"post": operation}}});
    fs::write(&file, document.to_string()).unwrap();
    let api = format!(
        "[http.api]\nurl = \"http://SHOP\"\nplain_http = true\nprivate = [\"127.0.0.0/8\"]\nopenapi = \"{}\"\n\
         operations = [\"order\"]\n[http.api.tools.one]\noperation = \"order\"\nset = {{ count = 1 }}\n",
        file.display()
    );
    let stand = stand(&shop, &api).await;
    let sent = async |tool: &str, arguments: Value| {
        let refused = stand.call(tool, arguments).await.err();
        refused.is_none_or(|refused| refused.code() != Code::InvalidArgument)
    };
    assert!(sent("api_order", json!({})).await);
    assert!(sent("api_order", json!({"item": "desk", "count": 1})).await);
    for wrong in [json!({"item": "desk"}), json!({"count": 1}), json!({"note": "soon"})] {
        assert!(!sent("api_order", wrong.clone()).await, "{wrong}");
    }
    assert!(sent("api_one", json!({"item": "desk"})).await);
    assert!(!sent("api_one", json!({})).await, "there is a body always, and it lacks the item");
}
