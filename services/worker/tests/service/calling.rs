//! `call_tool` and `webhook`, from the queue to mcp.

use std::collections::BTreeMap;

use jobs::{Job, JobId, Name, NewJob, Payload, Queue, Sequel, State};
use prost::Message;
use proto::{
    jobs::v1::{CallToolWork, Webhook},
    tools::v1::{CallToolResponse, Content, content},
};
use rpc::{CallContext, Grants, Principal, RequestId};
use tonic::Status;

use crate::{
    scripted::Scripted,
    stand::{OWNER, Stand},
    toolbox::Toolbox,
};

fn name(text: &str) -> Name {
    Name::new("name", text).unwrap()
}

/// A call that was asked for by a key with grants.
fn call() -> NewJob {
    let work = CallToolWork { tool: "shop_search".into(), arguments: Some(prost_types::Struct::default()) };
    let context = CallContext {
        principal: Principal::new(OWNER).ok(),
        grants: Grants::new("scopes=shopping;tools=shop_*").ok(),
        request_id: Some(RequestId::random()),
        ..CallContext::default()
    };
    let mut job = NewJob::new(name("call_tool"), name(OWNER), Payload::Inline(work.encode_to_vec()));
    job.headers = context.into_words();
    job
}

async fn add(stand: &Stand, job: NewJob) -> JobId {
    stand.queue.enqueue(vec![job]).await.pop().unwrap().unwrap().id
}

async fn run(stand: &Stand, job: NewJob) -> Job {
    stand.ended(add(stand, job).await).await
}

fn text(text: &str, is_error: bool) -> CallToolResponse {
    let piece = Content { content: Some(content::Content::Text(text.into())) };
    CallToolResponse { content: vec![piece.clone(), piece], is_error, structured_content: None }
}

#[tokio::test]
async fn an_answer_becomes_artifacts_in_the_name_and_with_the_grants_of_the_caller() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    toolbox.answer(text("two desks", false));
    let id = add(&stand, call()).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let artifacts = stand.artifacts(id).await;
    assert_eq!(artifacts["text.txt"], "two desks\ntwo desks");
    let answer: serde_json::Value = serde_json::from_str(&artifacts["answer.json"]).unwrap();
    assert_eq!((&answer["content"][0]["text"], &answer["isError"]), (&"two desks".into(), &false.into()));
    let (request, metadata) = toolbox.called().remove(0);
    assert_eq!(request.name, "tools/shop_search");
    assert_eq!(metadata.get("x-ondol-principal").unwrap(), OWNER);
    assert_eq!(metadata.get("x-ondol-grants").unwrap(), "scopes=shopping;tools=shop_*");
}

#[tokio::test]
async fn an_answer_that_is_an_error_is_an_answer() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    toolbox.answer(CallToolResponse { content: Vec::new(), ..text("", true) });
    let id = add(&stand, call()).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    assert_eq!(stand.artifacts(id).await.into_keys().collect::<Vec<_>>(), ["answer.json"]);
    let last = stand.reports(id).await.pop().unwrap();
    assert_eq!((last.done, last.total, last.failed), (1, 1, 1));
}

#[tokio::test]
async fn a_tool_that_is_busy_or_away_is_waited_for_and_one_that_refuses_is_not() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    toolbox.refuse([Status::unavailable("restarting"), Status::resource_exhausted("busy")]);
    let job = run(&stand, call()).await;
    assert_eq!((job.state, job.attempts, toolbox.called().len()), (State::Done, 1, 3));
    let ids: Vec<_> =
        toolbox.called().iter().map(|(_, it)| it.get("x-request-id").unwrap().clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "an upstream knows a repeated call by it");

    for refusal in [Status::invalid_argument("no"), Status::not_found("no"), Status::permission_denied("no")]
    {
        toolbox.refuse([refusal]);
        let job = run(&stand, call()).await;
        assert_eq!((job.state, job.attempts), (State::Dead, 1), "{job:?}");
    }
}

#[tokio::test]
async fn nobody_is_no_caller() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    let job = run(&stand, NewJob { headers: BTreeMap::new(), ..call() }).await;
    assert_eq!((job.state, job.attempts), (State::Dead, 1));
    assert!(toolbox.called().is_empty());
}

#[tokio::test]
async fn without_a_toolbox_calls_are_left_to_other_workers() {
    let stand = Stand::new(&Scripted::new()).await;
    let worker = stand.worker(&[]);
    let id = add(&stand, call()).await;
    let text = stand.generation("hello").await;
    stand.ended(text).await;
    worker.terminate().await;
    assert_eq!(stand.queue.get(id).await.unwrap().state, State::Ready);
}

#[tokio::test]
async fn an_end_is_told_in_the_owners_name_whoever_stands_in_its_words() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let webhook = Webhook { url: "https://example.com/hooks".into() };
    let words = CallContext { principal: Principal::new("somebody").ok(), ..CallContext::default() };
    let sequel =
        Sequel { kind: name("webhook"), payload: webhook.encode_to_vec(), headers: words.into_words() };
    let id = add(&stand, NewJob { sequel: Some(sequel), ..call() }).await;
    stand.queue.cancel(id).await.unwrap();
    stand.queue.delete(id).await.unwrap();

    toolbox.refuse([Status::unavailable("the receiver answered 500")]);
    let _worker = stand.worker(&[]);
    let filter = jobs::Filter { kind: Some(name("webhook")), ..Default::default() };
    let following = stand.queue.list(&filter, 10, None).await.unwrap().jobs;
    let job = stand.ended(following[0].id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 2));
    let told = toolbox.told();
    assert_eq!(told.len(), 2);
    for (request, metadata) in told {
        assert_eq!(metadata.get("x-ondol-principal").unwrap(), OWNER);
        assert!(metadata.get("x-ondol-grants").is_none());
        assert_eq!((request.url, request.event_id), (webhook.url.clone(), job.id.to_string()));
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(
            (&body["type"], &body["data"]["name"]),
            (&"job.cancelled".into(), &format!("jobs/{id}").into())
        );
    }
}
