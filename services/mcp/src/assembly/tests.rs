//! What is wrong with a file is said, and said as what it is.

use std::fs;

use prometheus_client::registry::Registry;

use super::Assembly;
use crate::{Config, Means};

async fn wrong(text: &str) -> Vec<String> {
    runtime::install_crypto_provider();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.toml");
    fs::write(&file, text).unwrap();
    let means = Means::register(&mut Registry::default(), None);
    let made = Assembly::of(&Config::read(&file).unwrap(), &means).await;
    made.err().map(|error| error.each()).unwrap_or_default()
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let told = wrong(
        "[secrets]\nfolder = \"nowhere\"\n[http.a]\nurl = \"ftp://a.example\"\n[http.b]\nurl = \"https://b.example\"\n\
         [http.b.auth]\nheader = \"x-key\"\n[upstreams.c]\nurl = \"https://127.0.0.1/\"\n[prompts.p]\ntext = \"{x}\"\n\
         [tools.nobody]\nenabled = false\n",
    )
    .await;
    let parts = ["nowhere", "[http.a] url", "[http.b] auth.secret", "[upstreams.c] url", "[prompts.p]"];
    assert_eq!(told.len(), parts.len(), "no tool is missed that something else keeps away: {told:?}");
    for part in parts {
        assert!(told.iter().any(|problem| problem.contains(part)), "{part}: {told:?}");
    }
}

#[tokio::test]
async fn a_name_is_called_what_it_is() {
    let api = "url = \"https://a.example\"\n[http.\"x y\".tools.t]\ndescription = \"d\"\npath = \"/\"\n";
    let told =
        wrong(&format!("[http.\"x y\"]\n{api}[upstreams.\"x y\"]\nurl = \"https://a.example/mcp\"\n")).await;
    assert_eq!(told.len(), 2, "{told:?}");
    for (problem, table) in told.iter().zip(["[http.\"x y\"]", "[upstreams.\"x y\"]"]) {
        assert!(problem.starts_with(table) && problem.contains("its name"), "{problem}");
        assert!(!problem.contains("argument"), "{problem}");
    }
}

#[tokio::test]
async fn twins_are_named_once_each() {
    let api =
        "[http.s3]\nurl = \"https://a.example\"\n[http.s3.tools.get]\ndescription = \"d\"\npath = \"/get\"\n";
    let told = wrong(&format!("[s3.buckets.a]\nurl = \"file:///tmp\"\nread = [\"\"]\n{api}")).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("2 tools are called s3_get: "), "{told:?}");
}

#[tokio::test]
async fn what_is_wrong_for_all_tools_is_said_once() {
    let bucket = "[s3.buckets.a]\nurl = \"file:///tmp\"\nread = [\"\"]\n";
    let told = wrong(&format!("{bucket}[s3.policy]\nscopes = [\"\"]\n")).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("scopes"), "{told:?}");
}

#[tokio::test]
async fn no_tools_and_tools_are_a_contradiction() {
    let told = wrong("no_tools = true\n[s3.buckets.a]\nurl = \"file:///tmp\"\nread = [\"\"]\n").await;
    assert!(told.len() == 1 && told[0].starts_with("no_tools"), "{told:?}");
    assert!(wrong("no_tools = true\n").await.is_empty());
}
