//! Calls of tools as jobs, from api to the artifact.

use jobs::{JobId, State};
use proto::tools::v1::{CallToolRequest, ReadAnswerRequest};
use tonic::Code;

use crate::{
    receiver::Receiver,
    stand::{HERE, LISTER, Stand, by_owner, keyed},
};

fn id(job: &proto::jobs::v1::Job) -> JobId {
    job.name.strip_prefix("jobs/").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_tool_is_called_in_the_name_and_with_the_grants_of_its_caller() {
    let stand = Stand::with(HERE).await;
    let job = stand.call_with(LISTER, ("tools/s3_list", "daily/"), None).await.unwrap();
    assert_eq!(job.kind, "call_tool");
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts), (State::Done, 1), "{ended:?}");
    assert!(ended.headers.is_empty() && ended.sequel.is_none());
}

#[tokio::test]
async fn a_key_creates_what_it_may() {
    let stand = Stand::with(HERE).await;
    let refused = stand.call_with(LISTER, ("s3_get", "daily/"), None).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused}");
    assert!(refused.message().contains("s3_get"));
}

#[tokio::test]
async fn what_the_tool_refuses_is_dead_at_once() {
    let stand = Stand::with(HERE).await;
    let job = stand.call_with(LISTER, ("s3_list", "../"), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert!(ended.state.is_end() && ended.attempts == 1, "{ended:?}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_dead_at_once_and_says_so() {
    let stand = Stand::with("").await;
    let job = stand.call_with("a key", ("shop_search", ""), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts), (State::Dead, 1));
    assert!(ended.error.unwrap().contains("there is no tool"));
}

/// A tool `orders_place` that posts to somebody, with more in its table.
fn orders(origin: &str, more: &str) -> String {
    format!(
        r#"
[http.orders]
url = "{origin}"
private = ["127.0.0.0/8"]
plain_http = true
policy = {{ attempts = 1 }}

[http.orders.tools.place]
description = "Places an order."
method = "POST"
path = "/hooks"
query = {{ of = "team-a" }}
body = {{ bucket = "{{bucket}}", prefix = "{{prefix}}" }}
{more}

[http.orders.tools.place.parameters]
bucket = {{ type = "string" }}
prefix = {{ type = "string" }}
"#
    )
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let receiver = Receiver::answering(&[500; 8]).await;
    let stand = Stand::with(&orders(&receiver.origin(), "")).await;
    let job = stand.call_with("a key", ("orders_place", "a"), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts, receiver.told().len()), (State::Dead, 1, 1), "{ended:?}");
    let error = ended.error.unwrap();
    assert!(error.contains("500") && error.contains("may have had its effect"), "{error}");
}

#[tokio::test]
async fn what_is_as_good_twice_is_done_again() {
    let receiver = Receiver::answering(&[500, 500, 200]).await;
    let stand = Stand::with(&orders(&receiver.origin(), "idempotent = true")).await;
    let job = stand.call_with("a key", ("orders_place", "a"), None).await.unwrap();
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts, receiver.told().len()), (State::Done, 1, 3), "{ended:?}");
}

#[tokio::test]
async fn what_nobody_has_heard_is_asked_again() {
    // Nobody listens there until the call has failed once.
    let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stand = Stand::with(&orders(&format!("http://{place}"), "")).await;
    let job = stand.call_with("a key", ("orders_place", "a"), None).await.unwrap();
    stand.running(id(&job)).await;
    let receiver = Receiver::answering_at(place, &[]).await;
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, receiver.told().len()), (State::Done, 1), "{ended:?}");
}

/// Answers of files that are too large, whatever they say.
const SMALL: &str = "[s3.policy]\nmax_answer_bytes = 10\n";

#[tokio::test]
async fn a_large_answer_is_in_the_job_as_a_whole() {
    let stand = Stand::with(SMALL).await;
    let job = stand.call(None).await;
    let ended = stand.ended(id(&job)).await;
    assert_eq!((ended.state, ended.attempts), (State::Done, 1), "{ended:?}");
    let answer: serde_json::Value = serde_json::from_slice(&stand.made(&job, "/answer.json").await).unwrap();
    assert!(answer["structuredContent"]["objects"].is_array(), "{answer}");
}

#[tokio::test]
async fn a_large_answer_is_read_through_api_by_whoever_called() {
    let stand = Stand::with(SMALL).await;
    let arguments = serde_json::json!({"bucket": "reports", "prefix": "daily/"});
    let arguments = Some(contract::message_struct(arguments.as_object().unwrap()));
    let call = CallToolRequest { name: "tools/s3_list".into(), arguments };
    let answer = stand.tools().call_tool(by_owner(call)).await.unwrap().into_inner();
    let read = || ReadAnswerRequest { name: answer.answer.clone() };
    let mut pieces = stand.tools().read_answer(by_owner(read())).await.unwrap().into_inner();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        whole.extend(piece.data);
    }
    let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    assert!(whole["objects"].is_array(), "{whole}");
    let refused = stand.tools().read_answer(keyed(LISTER, read())).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
