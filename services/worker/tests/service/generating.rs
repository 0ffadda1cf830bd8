//! `generate_text`, from the queue to the artifact.

use std::collections::BTreeMap;

use artifacts::ArtifactsError;
use jobs::{Payload, State};
use objects::PutOptions;
use prost::Message;
use proto::{inference::v1::GenerateTextRequest, jobs::v1::GenerateTextWork};
use rpc::CallContext;
use tonic::{Code, Status};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::{
    scripted::Scripted,
    stand::{OWNER, Stand},
};

#[tokio::test]
async fn a_text_becomes_an_artifact_in_the_name_of_its_owner() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 1));
    let artifacts = stand.artifacts(id).await;
    assert_eq!(artifacts["text.txt"], "HELLO");
    let answer: serde_json::Value = serde_json::from_str(&artifacts["answer.json"]).unwrap();
    assert_eq!((&answer["text"], &answer["model"]), (&"HELLO".into(), &"stub".into()));
    assert_eq!(scripted.metadata().get("x-ondol-principal").unwrap(), OWNER);
}

#[tokio::test]
async fn a_generation_that_went_well_is_counted_as_one() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    let metrics = worker.metrics();
    let calls: Vec<_> =
        metrics.lines().filter(|line| line.starts_with("rpc_client_call_duration_seconds_count")).collect();
    let [call] = calls[..] else { panic!("one kind of call, found {calls:?}") };
    assert!(
        call.contains("\"StreamGenerateText\"") && call.contains("\"OK\"") && call.ends_with(" 1"),
        "{call}"
    );
}

#[tokio::test]
async fn the_trace_of_whoever_handed_a_job_in_goes_on_to_the_model() {
    let logs = testkit::capture_logs();
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&[]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let words = BTreeMap::from([("traceparent".to_owned(), format!("00-{trace}-b7ad6b7169203331-01"))]);
    let span = info_span!("call of api");
    CallContext::from_words(&words, &span);
    let id = stand.generation("hello").instrument(span).await;
    stand.ended(id).await;
    worker.terminate().await;
    let metadata = scripted.metadata();
    let parts: Vec<_> = metadata.get("traceparent").unwrap().to_str().unwrap().split('-').collect();
    assert_eq!((parts[1], parts[3]), (trace, "01"));
    assert_eq!(logs.lines_with(&["job done", trace, "\"principal\":\"team-a\""]).len(), 1);
}

#[tokio::test]
async fn a_request_too_large_for_the_queue_is_fetched_and_removed_once_it_is_done() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&[]);
    let prompt = "x".repeat(200_000);
    let request = GenerateTextRequest { model: "stub".into(), prompt: prompt.clone(), ..Default::default() };
    let work = GenerateTextWork { request: Some(request) }.encode_to_vec();
    let key = artifacts::payload_key(Uuid::now_v7()).unwrap();
    stand.shelf.objects().put(&key, work.into(), PutOptions::default()).await.unwrap();
    let id = stand.submit_payload("generate_text", Payload::Reference(key.to_string()), false).await;
    assert_eq!(stand.ended(id).await.state, State::Done);
    assert_eq!(stand.artifacts(id).await["text.txt"], prompt.to_uppercase());
    worker.terminate().await;
    assert!(stand.shelf.objects().head(&key, None).await.is_err());
}

#[tokio::test]
async fn a_model_that_is_full_or_away_is_waited_for() {
    let scripted = Scripted::new();
    scripted.refuse([Status::unavailable("restarting"), Status::resource_exhausted("full")]);
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 1), "{job:?}");
}

#[tokio::test]
async fn a_request_that_the_model_refuses_is_dead_at_once_and_says_why() {
    let scripted = Scripted::new();
    scripted.refuse([Status::invalid_argument("prompt: has 99 tokens; the limit is 10")]);
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Dead, 1));
    assert!(job.error.unwrap().contains("the limit is 10"));
    let nothing = stand.shelf.manifest(&id.to_string()).await.unwrap_err();
    assert!(matches!(nothing, ArtifactsError::NotFound), "{nothing}");
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_again_and_only_so_often() {
    let scripted = Scripted::new();
    let failure = || Status::new(Code::Internal, "a step failed");
    scripted.refuse([failure()]);
    let stand = Stand::new(&scripted).await;
    let _worker = stand.worker(&[]);
    let id = stand.generation("hello").await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Done, 2));

    scripted.refuse([failure(), failure(), failure()]);
    let id = stand.generation("hello").await;
    let job = stand.ended(id).await;
    assert_eq!((job.state, job.attempts), (State::Dead, 3));
}

#[tokio::test]
async fn whether_anybody_may_read_it_comes_with_the_job() {
    let scripted = Scripted::new();
    let stand = Stand::new(&scripted).await;
    let worker = stand.worker(&[]);
    let mut ids = Vec::new();
    for published in [true, false] {
        let id = stand.submit("generate_text", &GenerateTextWork::default(), published).await;
        stand.ended(id).await;
        assert_eq!(stand.manifest(id).await.published, published);
        ids.push(id);
    }
    // A drain waits until the record outlives the queue's own.
    worker.terminate().await;
    for id in ids {
        assert_eq!(stand.shelf.manifest(&id.to_string()).await.unwrap(), stand.manifest(id).await);
    }
}
