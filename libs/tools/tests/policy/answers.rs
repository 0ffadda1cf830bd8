//! What comes back.

use std::{sync::Arc, time::Duration};

use fault::{Fault, Kind};
use objects::{Folder, Objects};
use serde_json::json;
use tools::{
    Annotations, Ask, Caching, Call, Caller, Content, Dialogue, Output, Overflow, Policy, Question,
    Questions, ToolsError,
};

use crate::stand::{Deed, Stand, failure, found, object, plain, scripted, tripping};

fn caching(per_caller: bool) -> Policy {
    let cache = Caching { ttl: Duration::from_mins(1), max_bytes: 1 << 20, per_caller };
    Policy { cache: Some(cache), ..plain() }
}

#[tokio::test]
async fn an_answer_that_lies_counts_against_the_upstream() {
    let lies = [Output::structured(json!({"found": "many"})), Output::text("three")];
    for lie in lies {
        let told = lie.clone();
        let tool = scripted(move |_, _| Deed::Answer(told.clone()));
        let stand = Stand::of(&tool, plain());
        let error = stand.call(json!({})).await.unwrap_err();
        assert_eq!(error.kind(), Kind::DataLoss, "{lie:?}");
        assert!(error.to_string().contains("does not fit the tool's output schema"), "{error}");
        assert!(error.is_failure());
        assert!(stand.shows(r#"ondol_upstream_attempts_total{upstream="shop",outcome="failed"} 1"#));
    }
}

#[tokio::test]
async fn a_refusal_is_an_answer_and_needs_no_shape() {
    let tool = scripted(|_, _| Deed::Answer(Output::refusal("no such shop")));
    let stand = Stand::of(&tool, caching(false));
    for _ in 0..2 {
        assert!(stand.call(json!({})).await.unwrap().is_error);
    }
    // It may be mended a moment later, so it is not kept.
    assert_eq!(tool.calls(), 2);
    assert!(stand.shows(r#"ondol_tool_calls_total{tool="search",outcome="refused"} 2"#));
}

#[tokio::test]
async fn what_was_answered_is_not_asked_again() {
    let tool = scripted(|turn, _| Deed::Answer(found(turn as u32)));
    let stand = Stand::of(&tool, caching(false));
    for principal in ["a", "b", "a"] {
        assert_eq!(stand.call_as(principal, json!({"query": "desk"})).await.unwrap(), found(0));
    }
    assert_eq!(stand.call(json!({"query": "lamp"})).await.unwrap(), found(1));
    assert!(stand.shows(r#"ondol_tool_cache_hits_total{tool="search"} 2"#));
    assert!(stand.shows(r#"ondol_tool_cache_misses_total{tool="search"} 2"#));
}

#[tokio::test]
async fn callers_may_have_answers_of_their_own() {
    let tool = scripted(|turn, _| Deed::Answer(found(turn as u32)));
    let stand = Stand::of(&tool, caching(true));
    assert_eq!(stand.call_as("a", json!({})).await.unwrap(), found(0));
    assert_eq!(stand.call_as("b", json!({})).await.unwrap(), found(1));
    assert_eq!(stand.call_as("a", json!({})).await.unwrap(), found(0));
}

#[tokio::test(start_paused = true)]
async fn of_many_who_ask_at_once_one_asks_the_upstream() {
    let tool = scripted(|turn, _| Deed::AnswerAfter(Duration::from_secs(1), found(turn as u32)));
    let stand = Stand::of(&tool, caching(false));
    let answers = futures::future::join_all((0..20).map(|_| stand.call(json!({})))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap() == found(0)));
    assert_eq!(tool.calls(), 1);
}

#[tokio::test]
async fn an_error_is_not_kept() {
    let tool = scripted(|turn, _| if turn == 0 { Deed::Fail(failure()) } else { Deed::Answer(found(1)) });
    let stand = Stand::of(&tool, caching(false));
    assert!(stand.call(json!({})).await.is_err());
    assert_eq!(stand.call(json!({})).await.unwrap(), found(1));
}

#[tokio::test]
async fn a_tool_that_writes_is_never_answered_from_memory() {
    let tool = scripted(|turn, _| Deed::Answer(found(turn as u32)));
    let stand = Stand::annotated(&tool, caching(false), Annotations::WRITES);
    assert_eq!(stand.call(json!({})).await.unwrap(), found(0));
    assert_eq!(stand.call(json!({})).await.unwrap(), found(1));
}

#[tokio::test]
async fn a_large_answer_is_put_away_and_comes_back_as_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let objects: Arc<dyn Objects> = Arc::new(Folder::open(folder.path()).await.unwrap());
    let stand = Stand::new(Some(Overflow::new(Arc::clone(&objects))));
    let answer = Output::structured(json!({"found": 1, "items": "x".repeat(10_000)}));
    let told = answer.clone();
    let tool = scripted(move |_, _| Deed::Answer(told.clone()));
    let policy = Policy { max_answer_bytes: 1000, ..plain() };
    stand.mount(&[("search", &tool, policy, "shop")], Annotations::READS);

    let short = stand.call(json!({})).await.unwrap();
    let [Content::Text(told), Content::Whole(link)] = short.content.as_slice() else { panic!("{short:?}") };
    assert!(told.contains(r#""found":1"#) && told.len() < 3000, "{told}");
    let key = link.uri.strip_prefix("ondol://").unwrap();
    assert!(key.starts_with(&Overflow::folder("team-a")), "{key}");
    let whole = objects.get(&objects::Key::new(key).unwrap(), objects::GetOptions::default()).await.unwrap();
    let whole = whole.bytes(1 << 20).await.unwrap();
    assert_eq!(Some(serde_json::from_slice(&whole).unwrap()), answer.structured);
    assert_eq!(link.size, Some(whole.len() as u64));
}

#[tokio::test]
async fn where_there_is_no_place_for_it_a_large_answer_is_refused() {
    let tool = scripted(|_, _| Deed::Answer(Output::structured(json!({"items": "x".repeat(2000)}))));
    let stand = Stand::of(&tool, Policy { max_answer_bytes: 1000, ..plain() });
    let error = stand.call(json!({})).await.unwrap_err();
    assert!(matches!(error, ToolsError::TooLarge { limit: 1000, .. }), "{error}");
    assert!(!error.is_failure(), "the upstream did nothing wrong");
}

#[tokio::test]
async fn what_a_tool_asks_is_no_failure_and_what_was_said_to_it_is_kept_for_nobody() {
    let tool = scripted(|_, call| {
        if call.dialogue.answers.is_empty() {
            let question = Question { id: "where".into(), ask: Ask::Roots };
            return Deed::Fail(Questions { questions: vec![question], state: None }.into());
        }
        Deed::Answer(found(1))
    });
    let breaker = Some(tripping(Duration::from_mins(1)));
    let stand = Stand::of(&tool, Policy { breaker, ..caching(false) });
    for _ in 0..8 {
        let asked = stand.call(json!({})).await.unwrap_err();
        assert_eq!((asked.kind(), asked.reason()), (Kind::FailedPrecondition, "TOOL_ASKS"));
        assert!(!asked.is_failure());
    }
    assert_eq!(tool.calls(), 8, "asked anew each time, and never left alone");
    let said = || {
        let answers = [("where".to_owned(), json!({"roots": []}))].into();
        let dialogue = Dialogue { answers, ..Dialogue::default() };
        Call { dialogue, ..Call::new(object(json!({})), Caller::new("team-a")) }
    };
    for _ in 0..2 {
        assert_eq!(stand.registry.call("search", said()).await.unwrap(), found(1));
    }
    assert_eq!(tool.calls(), 10);
    assert!(stand.call(json!({})).await.is_err());
}
