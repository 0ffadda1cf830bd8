//! `call_tool` and `webhook`, from the queue to mcp.

use std::collections::{BTreeMap, HashMap};

use jobs::{Job, JobId, Name, NewJob, Payload, Queue, Sequel, State};
use prost::Message;
use proto::{
    jobs::v1::{CallToolWork, Webhook},
    tools::v1::{CallToolResponse, Content, ReadAnswerResponse, ToolAnnotations, content},
};
use rpc::{CallContext, Grants, Principal, RequestId};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

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
    CallToolResponse { content: vec![piece.clone(), piece], is_error, ..CallToolResponse::default() }
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

/// An error of mcp, which knows whether anything was done.
fn refusal(code: Code, nothing_done: bool) -> Status {
    let metadata = nothing_done.then(|| ("nothing_done".to_owned(), "true".to_owned()));
    let metadata: HashMap<_, _> = metadata.into_iter().collect();
    Status::with_error_details(code, "no", ErrorDetails::with_error_info("WHY", "ondol.dev", metadata))
}

#[tokio::test]
async fn a_tool_that_is_busy_or_away_is_waited_for_and_one_that_refuses_is_not() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    toolbox.refuse([refusal(Code::Unavailable, true), refusal(Code::ResourceExhausted, true)]);
    let job = run(&stand, call()).await;
    assert_eq!((job.state, job.attempts, toolbox.called().len()), (State::Done, 1, 3));
    let ids: Vec<_> =
        toolbox.called().iter().map(|(_, it)| it.get("x-request-id").unwrap().clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "an upstream knows a repeated call by it");

    for code in [Code::InvalidArgument, Code::NotFound, Code::PermissionDenied] {
        toolbox.refuse([refusal(code, true)]);
        let job = run(&stand, call()).await;
        assert_eq!((job.state, job.attempts), (State::Dead, 1), "{job:?}");
    }
}

#[tokio::test]
async fn a_call_that_may_have_had_its_effect_is_not_made_again() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Internal, Code::Aborted, Code::Cancelled] {
        let before = toolbox.called().len();
        toolbox.refuse([refusal(code, false)]);
        let job = run(&stand, call()).await;
        assert_eq!(
            (job.state, job.attempts, toolbox.called().len()),
            (State::Dead, 1, before + 1),
            "{code:?}"
        );
        assert!(job.error.unwrap().contains("may have had its effect"), "{code:?}");
    }
}

#[tokio::test]
async fn a_tool_that_may_be_called_twice_is_called_again() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    let (reads, repeats) = (
        ToolAnnotations { read_only: true, ..ToolAnnotations::default() },
        ToolAnnotations { idempotent: true, ..ToolAnnotations::default() },
    );
    for hints in [reads, repeats] {
        let before = toolbox.called().len();
        toolbox.hint(hints);
        toolbox.refuse([refusal(Code::Unavailable, false), refusal(Code::DeadlineExceeded, false)]);
        let job = run(&stand, call()).await;
        // The first is waited for; the second costs an attempt.
        assert_eq!(
            (job.state, job.attempts, toolbox.called().len()),
            (State::Done, 2, before + 3),
            "{job:?}"
        );
    }
}

/// An answer whose beginning is told, and pieces of all of it.
fn large(media_type: &str, pieces: &[&str]) -> (CallToolResponse, Vec<ReadAnswerResponse>) {
    let first = ReadAnswerResponse { media_type: media_type.into(), ..ReadAnswerResponse::default() };
    let rest =
        pieces.iter().map(|it| ReadAnswerResponse { data: it.as_bytes().into(), ..Default::default() });
    let answer = CallToolResponse { answer: "answers/shop_search-0a".into(), ..text("It begins:", false) };
    (answer, std::iter::once(first).chain(rest).collect())
}

#[tokio::test]
async fn of_a_large_answer_everything_is_kept() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    let keep = async |media_type, pieces: &[&str]| {
        let (answer, whole) = large(media_type, pieces);
        toolbox.answer(answer);
        toolbox.keep(whole);
        let id = add(&stand, call()).await;
        assert_eq!(stand.ended(id).await.state, State::Done);
        stand.artifacts(id).await
    };
    let parsed = |artifact: &str| serde_json::from_str::<serde_json::Value>(artifact).unwrap();
    let made = keep("application/json", &["{\"items\": [1,", " 2]}"]).await;
    let answer = parsed(&made["answer.json"]);
    assert_eq!(answer["structuredContent"], serde_json::json!({"items": [1, 2]}));
    assert_eq!((&answer["isError"], made.len()), (&false.into(), 1));

    let made = keep("text/plain; charset=utf-8", &["two ", "desks"]).await;
    assert_eq!(made["text.txt"], "two desks");
    assert_eq!(parsed(&made["answer.json"])["content"][0]["text"], "two desks");

    let made = keep("application/octet-stream", &["by", "tes"]).await;
    assert_eq!(made["answer.bin"], "bytes");
    assert_eq!(parsed(&made["answer.json"])["answer"], "answers/shop_search-0a");
}

#[tokio::test]
async fn an_answer_that_is_lost_is_not_asked_for_once_more() {
    let (stand, toolbox) = (Stand::new(&Scripted::new()).await, Toolbox::default());
    let stand = stand.with_toolbox(&toolbox);
    let _worker = stand.worker(&[]);
    toolbox.answer(large("text/plain", &[]).0);
    let job = run(&stand, call()).await;
    assert_eq!((job.state, job.attempts, toolbox.called().len()), (State::Dead, 1, 1), "{job:?}");
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
