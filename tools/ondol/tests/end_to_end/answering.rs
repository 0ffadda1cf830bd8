//! What the model says.

use proto::inference::v1::{CountTokensRequest, FinishReason, stream_generate_text_response::Event};

use crate::stack::{MODEL, Stack, ask, ask_for, read};

/// Far from a tie: each precision answers it alike, on processors of every kind.
const WEEK: &str = "How many days are in a week?";
const INDEX: &str = "Explain in two sentences what a database index is.";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_sensibly() {
    let Some(stack) = Stack::shared() else { return };
    let answer = stack.client().generate_text(stack.keyed(ask(WEEK, 64))).await.unwrap().into_inner();
    assert!(answer.text.contains("7 days"), "{answer:?}");
    assert_eq!((answer.model.as_str(), answer.finish_reason()), (MODEL, FinishReason::Stop));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_says_the_same_piece_by_piece() {
    let Some(stack) = Stack::shared() else { return };
    let unary = stack.client().generate_text(stack.keyed(ask(INDEX, 32))).await.unwrap().into_inner();
    let events = read(stack.open(stack.keyed(ask(INDEX, 32))).await).await.unwrap();
    let [tokens @ .., Event::Finished(finished)] = &events[..] else { panic!("{events:?}") };
    let mut streamed = String::new();
    for event in tokens {
        let Event::Token(token) = event else { panic!("{event:?}") };
        streamed.push_str(&token.text);
    }
    streamed.push_str(&finished.text);
    assert_eq!(streamed, unary.text);
    assert_eq!(finished.usage, unary.usage);
    assert_eq!(tokens.len(), finished.usage.unwrap().completion_tokens as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_says_what_generating_will_use() {
    let Some(stack) = Stack::shared() else { return };
    let request = ask(WEEK, 1);
    let count =
        CountTokensRequest { model: MODEL.into(), messages: request.messages.clone(), prompt: String::new() };
    let counted = stack.client().count_tokens(stack.keyed(count)).await.unwrap().into_inner();
    let answer = stack.client().generate_text(stack.keyed(request)).await.unwrap().into_inner();
    assert_eq!(counted.tokens, answer.usage.unwrap().prompt_tokens);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_at_once_get_what_each_gets_alone() {
    let Some(stack) = Stack::shared() else { return };
    let ids = async |question: &str| {
        let events = read(stack.open(stack.keyed(ask_for(question, 48))).await).await.unwrap();
        let ids = events.iter().filter_map(|event| match event {
            Event::Token(token) => Some(token.id),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    let alone = [ids(WEEK).await, ids(INDEX).await];
    let (week, index) = tokio::join!(ids(WEEK), ids(INDEX));
    assert_eq!(alone, [week, index]);
    assert_eq!(alone[0].len(), 48);
}
