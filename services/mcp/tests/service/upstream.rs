//! Tools of another server, which is this service once more.

use std::time::Duration;

use mcp::{Config, Found, Means};
use prometheus_client::registry::Registry;
use proto::tools::v1::ListToolsRequest;
use serde_json::json;

use crate::stand::{SECRET, Stand, by, structured};

/// Where another service is, and in whose name it is asked.
fn described(other: &Stand, more: &str) -> String {
    std::fs::write(other.folder.path().join("upstream-key"), SECRET).unwrap();
    format!(
        "[secrets]\nfolder = \"{}\"\n[upstreams.far]\nurl = \"http://{}/mcp\"\nprivate = [\"127.0.0.1/32\"]\nplain_http = true\n\
         auth = {{ header = \"authorization\", prefix = \"Bearer \", secret = \"upstream-key\" }}\n{more}",
        other.folder.path().display(),
        other.address
    )
}

/// What the other service says of itself, as it is written into the file.
async fn pins(other: &Stand, wished: &str) -> String {
    let config = Config::parse(&described(other, wished)).unwrap();
    let means = Means::register(&mut Registry::default(), None);
    let survey = Box::pin(mcp::survey(&config, &means)).await.unwrap().remove(0);
    let pins = survey
        .outcome
        .unwrap()
        .into_iter()
        .filter_map(|Found { name, digest, .. }| Some(format!("{name} = \"{}\"\n", digest?)));
    format!("[upstreams.far.pins]\n{}", pins.collect::<Vec<_>>().concat())
}

async fn names(stand: &Stand) -> Vec<String> {
    let listed = stand.tools().list_tools(by("scopes=", ListToolsRequest::default())).await.unwrap();
    listed.into_inner().tools.into_iter().map(|tool| tool.id).collect()
}

/// Asks until the tool is there.
async fn until_there(stand: &Stand, tool: &str) {
    let asking = async {
        while !names(stand).await.iter().any(|name| name == tool) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking).await.unwrap();
}

#[tokio::test]
async fn a_tool_of_another_service_is_one_of_this_one() {
    let far = Box::pin(Stand::new()).await;
    let wished = "tools = [\"s3_get\", \"s3_list\"]\n";
    let pins = pins(&far, wished).await;
    let more =
        format!("{}\n[tools.far_s3_get]\nscopes = [\"far\"]\n", described(&far, &format!("{wished}{pins}")));
    let near = Box::pin(Stand::with(&more)).await;
    until_there(&near, "far_s3_list").await;
    assert!(!names(&near).await.contains(&"far_s3_get".to_owned()), "its policy is ours");
    let arguments = json!({"bucket": "reports", "key": "daily/a.txt"});
    assert!(near.call("far_s3_get", arguments.clone()).await.is_err());
    let answer = near.call_with("scopes=far", "far_s3_get", arguments).await.unwrap();
    assert_eq!(structured(&answer)["text"], "Monday");
    let refused =
        near.call_with("scopes=far", "far_s3_get", json!({"bucket": "reports", "key": "daily/none"})).await;
    assert!(refused.unwrap().is_error, "what the other one refused is an answer");
    let call = json!({"name": "far_s3_list", "arguments": {"bucket": "reports", "prefix": "daily/"}});
    let (_, answer) = near.ask(SECRET, "tools/call", call).await;
    assert!(answer["result"]["structuredContent"].to_string().contains("daily/a.txt"), "{answer}");
}

#[tokio::test]
async fn a_service_starts_while_another_one_is_away() {
    let pin = "0".repeat(64);
    let more = format!(
        "[upstreams.far]\nurl = \"https://127.0.0.1:9/mcp\"\nprivate = [\"127.0.0.1/32\"]\npins = {{ echo = \"{pin}\" }}\n[tools.far_echo]\nenabled = true\n"
    );
    let near = Box::pin(Stand::with(&more)).await;
    assert_eq!(names(&near).await.len(), 5);
    let missing = near.call("far_echo", json!({})).await.unwrap_err();
    assert_eq!(missing.code(), tonic::Code::NotFound);
}
