//! What comes back from the other side, good or bad.

use std::{collections::HashMap, time::Duration};

use proto::inference::v1::{
    CountTokensRequest, GetModelRequest, ListModelsRequest, stream_generate_text_response::Event,
};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{
    scripted::Script,
    stand::{Stand, ask, keyed, refusal},
};

/// A status as llm-inference makes it.
fn status(code: Code, reason: &str, change: impl FnOnce(&mut ErrorDetails)) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, rpc::ERROR_DOMAIN, HashMap::new());
    change(&mut details);
    Status::with_error_details(code, "what was wrong", details)
}

/// What a caller gets when llm-inference refuses with `status`.
async fn refused(status: Status) -> Status {
    let stand = Stand::start(Script::Refuse(status)).await;
    let unary = stand.client().generate_text(keyed(ask())).await.unwrap_err();
    let streamed = stand.client().stream_generate_text(keyed(ask())).await.unwrap_err();
    assert_eq!((unary.code(), unary.message()), (streamed.code(), streamed.message()));
    unary
}

#[tokio::test]
async fn the_small_calls_go_through() {
    let stand = Stand::start(Script::Greet).await;
    let mut client = stand.client();
    let count =
        CountTokensRequest { model: "stub".into(), prompt: "Once".into(), ..CountTokensRequest::default() };
    assert_eq!(client.count_tokens(keyed(count)).await.unwrap().into_inner().tokens, 3);
    let get = GetModelRequest { name: "models/stub".into() };
    assert_eq!(client.get_model(keyed(get)).await.unwrap().into_inner().name, "models/stub");
    let list = ListModelsRequest { page_token: "after:a".into(), ..ListModelsRequest::default() };
    let listed = client.list_models(keyed(list)).await.unwrap().into_inner();
    assert_eq!(listed.next_page_token, "after after:a");
}

#[tokio::test]
async fn a_stream_comes_through_event_by_event() {
    let stand = Stand::start(Script::Greet).await;
    let mut stream = stand.client().stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(response) = stream.message().await.unwrap() {
        events.extend(response.event);
    }
    let [Event::Started(started), Event::Token(token), Event::Finished(finished)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((started.model.as_str(), started.prompt_tokens), ("stub", 3));
    assert_eq!((token.id, token.text.as_str(), token.logprob), (7, "Hel", Some(-0.5)));
    assert_eq!(finished.text, "lo");
}

#[tokio::test]
async fn a_refusal_keeps_its_code_its_words_and_its_details() {
    let full = status(Code::ResourceExhausted, "QUEUE_FULL", |details| {
        details.set_retry_info(Some(Duration::from_secs(3)));
    });
    let full = refused(full).await;
    assert_eq!(refusal(&full), (Code::ResourceExhausted, "QUEUE_FULL".into()));
    assert_eq!(full.message(), "what was wrong");
    assert_eq!(full.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(3)));

    let wrong = status(Code::InvalidArgument, "INVALID_ARGUMENT", |details| {
        details.set_bad_request([FieldViolation::new("sampling.top_k", "is too much")]);
    });
    let wrong = refused(wrong).await.get_details_bad_request().unwrap().field_violations;
    let [wrong] = &wrong[..] else { panic!("{wrong:?}") };
    assert_eq!((wrong.field.as_str(), wrong.description.as_str()), ("sampling.top_k", "is too much"));

    let unknown = refused(status(Code::NotFound, "MODEL_NOT_FOUND", |_| ())).await;
    assert_eq!(refusal(&unknown), (Code::NotFound, "MODEL_NOT_FOUND".into()));
}

#[tokio::test]
async fn a_refusal_of_api_itself_is_not_blamed_on_the_callers_key() {
    let status = refused(status(Code::Unauthenticated, "UNAUTHENTICATED", |_| ())).await;
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("what was wrong"), "{status:?}");
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_why() {
    let broken = status(Code::Internal, "MODEL_STEP_FAILED", |_| ());
    let stand = Stand::start(Script::BreakOff(broken)).await;
    let mut stream = stand.client().stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    for _ in 0..2 {
        stream.message().await.unwrap().unwrap();
    }
    let status = stream.message().await.unwrap_err();
    assert_eq!(refusal(&status), (Code::Internal, "MODEL_STEP_FAILED".into()));
    assert!(status.get_details_request_info().is_some());
}

#[tokio::test]
async fn a_caller_who_goes_away_is_gone_on_the_other_side_too() {
    let stand = Stand::start(Script::Hold).await;
    let mut stream = stand.client().stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    drop(stream);
    tokio::time::timeout(Duration::from_secs(30), stand.upstream.abandoned()).await.unwrap();
}
