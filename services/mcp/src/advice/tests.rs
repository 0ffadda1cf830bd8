//! What cannot be meant is told, and what can be is left alone.

use std::fs;

use prometheus_client::registry::Registry;

use super::advice;
use crate::{Assembly, Config, Means};

async fn told(text: &str) -> Vec<String> {
    runtime::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(folder.path().join("secrets/here"), "a long secret").unwrap();
    let file = folder.path().join("tools.toml");
    fs::write(&file, text).unwrap();
    let config = Config::read(&file).unwrap();
    let means = Means::register(&mut Registry::default(), None);
    let assembly = Assembly::of(&config, &means).await.unwrap();
    advice(&config, &means, Some(&assembly)).await
}

/// An API with a tool that reads and one that changes something.
fn api(more: &str) -> String {
    format!(
        "[http.a]\nurl = \"https://a.example\"\n[http.a.tools.get]\ndescription = \"d\"\npath = \"/\"\n\
         [http.a.tools.post]\ndescription = \"d\"\npath = \"/\"\nmethod = \"POST\"\n{more}"
    )
}

#[tokio::test]
async fn what_is_meant_is_left_alone() {
    let good = "[tools.a_get]\ncache_ttl = \"5s\"\nattempts = 2\n[tools.a_post]\nattempts = 1\ntimeout = \"20s\"\n\
                [http.a.policy]\nattempts = 4\ncache_ttl = \"9s\"\n";
    assert_eq!(told(&api(good)).await, [""; 0]);
}

#[tokio::test]
async fn settings_that_do_nothing_are_told() {
    for (more, said) in [
        ("[tools.a_post]\nattempts = 5", "[tools.a_post] attempts does nothing: only what is idempotent"),
        ("[tools.a_post]\nretry_budget = 0.5", "idempotency_header"),
        ("[tools.a_post]\ncache_ttl = \"5s\"", "[tools.a_post] cache_ttl does nothing"),
        ("[tools.a_get]\nattempt_timeout = \"40s\"", "attempt_timeout (40 s) is longer than timeout (30 s)"),
        ("[policy]\ntimeout = \"5s\"\nattempt_timeout = \"6s\"", "[policy] attempt_timeout"),
        (
            "[http.a.policy]\ntimeout = \"5s\"\n[tools.a_get]\nattempt_timeout = \"6s\"",
            "[tools.a_get] attempt_timeout",
        ),
        ("[http.empty]\nurl = \"https://b.example\"", "[http.empty] has no tools"),
    ] {
        let told = told(&api(more)).await;
        assert!(told.len() == 1 && told[0].contains(said), "{more}: {told:?}");
    }
    let posts = "[http.b]\nurl = \"https://a.example\"\n[http.b.tools.t]\ndescription = \"d\"\npath = \"/\"\n\
                 method = \"POST\"\n[http.b.policy]\nbackoff = \"1s\"\n";
    assert!(told(posts).await[0].contains("[http.b.policy] backoff does nothing"));
}

#[tokio::test]
async fn another_server_whose_tools_nobody_agreed_to_is_told() {
    let server = "[upstreams.up]\nurl = \"https://a.example/mcp\"\n";
    let nothing = told(server).await;
    assert!(nothing.len() == 1 && nothing[0].contains("ondol tools pin"), "{nothing:?}");
    let unpinned = told(&format!("{server}tools = [\"x\", \"y\"]\n")).await;
    assert!(unpinned.len() == 1 && unpinned[0].contains("x, y are not pinned"), "{unpinned:?}");
    assert!(told(&format!("{server}tools = []\n")).await.is_empty(), "nothing is what was asked for");
    let pin = "a".repeat(64);
    let believed =
        told(&format!("{server}pins = {{ x = \"{pin}\" }}\n[tools.up_x]\ncache_ttl = \"5s\"\n")).await;
    assert!(believed.len() == 1 && believed[0].contains("trust_hints"), "{believed:?}");
}

#[tokio::test]
async fn secrets_that_are_not_there_are_named_with_their_place() {
    let with = |auth: &str| api(&format!("[secrets]\nfolder = \"secrets\"\n[http.a.auth]\n{auth}\n"));
    assert!(told(&with("header = \"x-key\"\nsecret = \"here\"")).await.is_empty());
    let missing = told(&with("header = \"x-key\"\nsecret = \"gone\"")).await;
    let said = "[http.a.auth] secret: there is no secret gone in the folder ";
    assert!(missing.len() == 1 && missing[0].starts_with(said), "{missing:?}");
    let oauth = "[http.a.auth.oauth]\ntoken_url = \"https://l.example\"\nclient_id = \"c\"\n";
    let odd = told(&with(&format!("{oauth}secret = \"gone\"\nscopes = [\"orders.read\", \"a b\"]"))).await;
    assert!(odd.len() == 2 && odd[0].contains("\"a b\" is no scope"), "{odd:?}");
    assert!(odd[1].starts_with("[http.a.auth.oauth] secret"), "{odd:?}");
    let hooks =
        told(&api("[secrets]\nfolder = \"secrets\"\n[webhooks]\nsecrets = [\"gone\"]\nhosts = [\"*\"]\n"))
            .await;
    assert!(hooks.len() == 1 && hooks[0].starts_with("[webhooks] secrets"), "{hooks:?}");
}

#[tokio::test]
async fn a_file_without_tools_has_to_mean_it() {
    assert!(told("").await[0].contains("no_tools = true"));
    assert!(told("no_tools = true").await.is_empty());
}
