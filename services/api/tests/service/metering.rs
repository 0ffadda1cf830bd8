//! Tokens: what a call may use is reserved before, and what it has used is what counts.

use std::time::Duration;

use futures::future::join_all;
use proto::inference::v1::{StreamGenerateTextResponse, stream_generate_text_response::Event};
use tokio::sync::watch;
use tonic::{Code, Request, Status, Streaming};

use crate::{
    limited::{Limited, ask_for},
    scripted::Script,
    stand::{keyed, refusal},
};

/// Opens so many streams at once, each for 10 tokens, and returns those that were let in.
async fn open(limited: &Limited, many: usize) -> Vec<Streaming<StreamGenerateTextResponse>> {
    let client = limited.stand.client();
    let opened = join_all((0..many).map(|_| {
        let mut client = client.clone();
        async move { client.stream_generate_text(keyed(ask_for(10))).await }
    }));
    let mut streams = Vec::new();
    for answer in opened.await {
        match answer {
            Ok(stream) => streams.push(stream.into_inner()),
            Err(refused) => {
                let (code, reason) = refusal(&refused);
                // The others hold what is left, or nothing is.
                let told = ["TOO_MANY_AT_ONCE", "QUOTA_EXCEEDED"].contains(&reason.as_str());
                assert!(code == Code::ResourceExhausted && told, "{refused:?}");
            }
        }
    }
    streams
}

/// Reads a stream to its end, and returns the tokens that it used.
async fn used(mut stream: Streaming<StreamGenerateTextResponse>) -> u64 {
    let mut tokens = 0;
    while let Some(response) = stream.message().await.unwrap() {
        match response.event.unwrap() {
            Event::Started(started) => tokens += u64::from(started.prompt_tokens),
            Event::Token(_) => tokens += 1,
            Event::Finished(finished) => {
                assert_eq!(u64::from(finished.usage.unwrap().total_tokens), tokens);
            }
            Event::Heartbeat(_) => {}
        }
    }
    tokens
}

#[tokio::test]
async fn two_hundred_streams_at_once_never_use_more_than_the_limit() {
    const LIMIT: u64 = 1_000;
    let (go, wait) = watch::channel(false);
    let limited = Limited::new(Script::Wait(wait), &format!("keys.tokens_per_day = {LIMIT}")).await;
    let (mut left, mut all) = (LIMIT, 0);
    // Each may use 12 + 10 tokens, and uses 3 + 10.
    loop {
        go.send_replace(false);
        let streams = open(&limited, 200).await;
        assert_eq!(streams.len() as u64, left / 22, "of {left} tokens");
        if streams.is_empty() {
            break;
        }
        go.send_replace(true);
        let wave: u64 = join_all(streams.into_iter().map(used)).await.into_iter().sum();
        all += wave;
        left -= wave;
        limited.until_left(left).await;
    }
    println!("{all} of {LIMIT} tokens were used, {left} are left");
    assert!(all <= LIMIT && left < 22, "overshoot: {all}");
}

#[tokio::test]
async fn a_stream_that_its_caller_leaves_counts_what_it_had() {
    let (_never, wait) = watch::channel(false);
    let limited = Limited::new(Script::Wait(wait), "keys.tokens_per_day = 100").await;
    let mut stream = open(&limited, 1).await.pop().unwrap();
    for _ in 0..2 {
        stream.message().await.unwrap().unwrap();
    }
    assert_eq!(limited.tokens_left().await, 78);
    drop(stream);
    limited.until_left(96).await;
}

#[tokio::test]
async fn a_whole_text_counts_what_it_used() {
    let limited = Limited::new(Script::Greet, "keys.tokens_per_day = 100").await;
    limited.stand.client().generate_text(keyed(ask_for(50))).await.unwrap();
    limited.until_left(95).await;
}

#[tokio::test]
async fn whoever_does_not_wait_for_a_whole_text_has_used_its_prompt_at_its_largest() {
    let (_never, wait) = watch::channel(false);
    let limited = Limited::new(Script::Wait(wait), "keys.tokens_per_day = 100").await;
    let mut request: Request<_> = keyed(ask_for(50));
    request.set_timeout(Duration::from_millis(200));
    let late = limited.stand.client().generate_text(request).await.unwrap_err();
    // Whichever of both notices it first.
    assert!(matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled), "{late:?}");
    limited.until_left(88).await;
}

#[tokio::test]
async fn what_llm_inference_refuses_costs_no_tokens_and_a_stream_that_breaks_off_what_it_had() {
    let full = Script::Refuse(Status::resource_exhausted("full"));
    let limited = Limited::new(full, "keys.tokens_per_day = 100").await;
    limited.stand.client().generate_text(keyed(ask_for(50))).await.unwrap_err();
    limited.until_left(100).await;

    let limited = Limited::new(Script::BreakOff(Status::internal("broken")), "keys.tokens_per_day = 100");
    let limited = limited.await;
    let mut stream = open(&limited, 1).await.pop().unwrap();
    for _ in 0..2 {
        stream.message().await.unwrap().unwrap();
    }
    stream.message().await.unwrap_err();
    limited.until_left(96).await;
}
