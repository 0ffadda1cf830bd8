//! Text, whole and as it appears.

use std::time::Duration;

use proto::inference::v1::{
    FinishReason, GenerateTextRequest, GenerateTextResponse, Sampling, Stop, Timings, Usage,
    stream_generate_text_response::Event,
};
use tonic::Request;

use crate::stand::{Stand, Stub, ask, open, read};

async fn answer(stand: &Stand, request: GenerateTextRequest) -> GenerateTextResponse {
    stand.client().generate_text(request).await.unwrap().into_inner()
}

/// The text of one token.
fn text(event: &Event) -> &str {
    match event {
        Event::Token(token) => &token.text,
        other => panic!("not a token: {other:?}"),
    }
}

#[tokio::test]
async fn a_unary_answer_is_the_stream_joined() {
    let stand = Stand::start([Stub::default()]);
    let unary = answer(&stand, ask("Once upon a time", 24)).await;
    let events = read(open(&stand, Request::new(ask("Once upon a time", 24))).await).await.unwrap();
    let [tokens @ .., Event::Finished(finished)] = &events[..] else { panic!("{events:?}") };
    let streamed: String = tokens.iter().map(text).collect();
    assert_eq!(streamed + &finished.text, unary.text);
    assert_eq!((tokens.len(), unary.text.len()), (24, 24), "a stub's token is a letter");
    assert_eq!(finished.usage, unary.usage);
    assert_eq!(finished.finish_reason(), unary.finish_reason());
    assert_eq!(unary.model, "stub");
}

#[tokio::test]
async fn the_stream_begins_by_saying_who_answers_what() {
    let stand = Stand::start([Stub::default()]);
    let stream = stand.client().stream_generate_text(ask("four", 1)).await.unwrap().into_inner();
    let events = read(stream).await.unwrap();
    let [Event::Started(started), Event::Token(_), Event::Finished(_)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((started.model.as_str(), started.prompt_tokens), ("stub", 4));
}

#[tokio::test]
async fn usage_and_timings_say_what_it_took() {
    let stand = Stand::start([Stub::default()]);
    let answer = answer(&stand, ask("four", 7)).await;
    let usage = Usage { prompt_tokens: 4, completion_tokens: 7, total_tokens: 11 };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.finish_reason(), FinishReason::Length);
    let Some(Timings { queued: Some(queued), first_token: Some(first), total: Some(total) }) = answer.timings
    else {
        panic!("{answer:?}")
    };
    let [queued, first, total] = [queued, first, total].map(|time| Duration::try_from(time).unwrap());
    assert!(queued <= first && first < total, "{queued:?} {first:?} {total:?}");
}

#[tokio::test]
async fn the_models_own_end_and_a_stop_string_end_the_text() {
    let stand = Stand::start([Stub::default()]);
    let whole = answer(&stand, ask("Once", 200)).await.text;
    let until_end = GenerateTextRequest { stop: None, max_tokens: 0, ..ask("Once", 0) };
    let own = answer(&stand, until_end).await;
    assert_eq!((own.finish_reason(), own.stop_string.as_str()), (FinishReason::Stop, ""));
    assert!(own.usage.unwrap().completion_tokens < 4000);

    let end = &whole[9..12];
    let stop = Stop { strings: vec![end.into()], ignore_end: true, ..Stop::default() };
    let stopped = answer(&stand, GenerateTextRequest { stop: Some(stop), ..ask("Once", 200) }).await;
    assert_eq!((stopped.finish_reason(), stopped.stop_string.as_str()), (FinishReason::Stop, end));
    assert_eq!(stopped.text, whole[..whole.find(end).unwrap()]);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_text_and_another_one_another() {
    let stand = Stand::start([Stub::default()]);
    let drawn = async |seed| {
        let sampling = Sampling { temperature: 2.0, seed: Some(seed), ..Sampling::default() };
        answer(&stand, GenerateTextRequest { sampling: Some(sampling), ..ask("Once", 32) }).await.text
    };
    let (one, again, other) = (drawn(1).await, drawn(1).await, drawn(2).await);
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[tokio::test]
async fn log_probabilities_come_with_every_token_when_asked_for() {
    let stand = Stand::start([Stub::default()]);
    assert!(answer(&stand, ask("Once", 5)).await.tokens.is_empty());
    let answer = answer(&stand, GenerateTextRequest { logprobs: true, ..ask("Once", 5) }).await;
    assert_eq!(answer.tokens.len(), 5);
    for token in &answer.tokens {
        assert!(token.logprob.is_some_and(|logprob| logprob.is_finite() && logprob <= 0.0), "{token:?}");
    }
}
