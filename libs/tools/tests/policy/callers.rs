//! Who is let in.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc, time::Duration};

use fault::{Fault, Kind};
use serde_json::json;
use tokio::time::Instant;
use tools::{Allow, Annotations, Call, Caller, Output, Policy, RateLimit, Schema, Tool, ToolsError};

use crate::stand::{Deed, Stand, found, object, plain, scripted};

#[tokio::test]
async fn a_call_that_is_allowed_is_answered_and_counted() {
    let tool = scripted(|_, _| Deed::Answer(found(3)));
    let stand = Stand::of(&tool, plain());
    assert_eq!(stand.call(json!({"query": "desk"})).await.unwrap(), found(3));
    assert!(stand.shows(r#"ondol_tool_calls_total{tool="search",outcome="ok"} 1"#));
    assert!(stand.shows(r#"ondol_upstream_attempts_total{upstream="shop",outcome="ok"} 1"#));
}

#[tokio::test]
async fn a_tool_that_is_switched_off_is_neither_listed_nor_called() {
    let tool = scripted(|_, _| Deed::Answer(found(0)));
    let stand = Stand::of(&tool, Policy { enabled: false, ..plain() });
    let error = stand.call(json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::FailedPrecondition, "TOOL_SWITCHED_OFF"));
    assert!(stand.registry.list(&Caller::new("team-a")).is_empty());
    assert_eq!(tool.calls(), 0);
    assert!(stand.shows(r#"ondol_tool_calls_total{tool="search",outcome="TOOL_SWITCHED_OFF"} 1"#));

    // Only to those who could call it otherwise.
    let allow = Allow { principals: vec!["ops".into()], scopes: vec![] };
    let stand = Stand::of(&tool, Policy { enabled: false, allow, ..plain() });
    assert_eq!(stand.call(json!({})).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(stand.call_as("ops", json!({})).await.unwrap_err().kind(), Kind::FailedPrecondition);
}

#[tokio::test]
async fn who_may_not_call_learns_nothing_of_the_schema() {
    let tool = scripted(|_, _| Deed::Answer(found(0)));
    let allow = Allow { principals: vec![], scopes: vec!["shopping".into()] };
    let stand = Stand::of(&tool, Policy { allow, ..plain() });
    let error = stand.call(json!({"nonsense": 1})).await.unwrap_err();
    // As if there were no such tool; only our log tells why.
    let unknown =
        stand.registry.call("desks", Call::new(object(json!({})), Caller::new("team-a"))).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::NotFound, unknown.reason()));
    assert_eq!(error.public_message().replace("search", "desks"), unknown.public_message());
    assert!(error.to_string().contains("the scope shopping") && error.nothing_was_done(), "{error}");
    let caller = Caller::new("team-a");
    assert!(stand.registry.list(&caller).is_empty());
    assert_eq!(stand.registry.get("search", &caller).err().unwrap().kind(), Kind::NotFound);

    let scopes = BTreeSet::from(["shopping".to_owned()]);
    let caller = Caller { scopes, ..caller };
    assert_eq!(stand.registry.list(&caller).len(), 1);
    let call = Call::new(object(json!({})), caller);
    stand.registry.call("search", call).await.unwrap();
}

#[tokio::test]
async fn what_does_not_fit_the_schema_never_reaches_the_tool() {
    let tool = scripted(|_, _| Deed::Answer(found(0)));
    let stand = Stand::of(&tool, plain());
    let error = stand.call(json!({"query": 7})).await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
    assert_eq!(error.violations()[0].field, "arguments.query");
    assert_eq!(tool.calls(), 0);
}

#[tokio::test]
async fn a_name_that_is_none_is_not_repeated() {
    let tool = scripted(|_, _| Deed::Answer(found(0)));
    let stand = Stand::of(&tool, plain());
    for name in ["other", "", "<script>", &"x".repeat(1000)] {
        let call = Call::new(object(json!({})), Caller::new("team-a"));
        let error = stand.registry.call(name, call).await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(!error.to_string().contains('<') && error.to_string().len() < 200);
    }
}

#[tokio::test]
async fn the_rate_is_each_callers_own() {
    let tool = scripted(|_, _| Deed::Answer(found(0)));
    let rate = RateLimit { per_minute: NonZeroU32::MIN, burst: NonZeroU32::MIN };
    let stand = Stand::of(&tool, Policy { rate: Some(rate), ..plain() });
    stand.call_as("a", json!({})).await.unwrap();
    let error = stand.call_as("a", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (Kind::ResourceExhausted, "TOOL_RATE_LIMITED"));
    assert!(error.retry_after().unwrap() > Duration::from_secs(30));
    stand.call_as("b", json!({})).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_seat_is_told_soon() {
    let tool = scripted(|_, _| Deed::Stall);
    let stand = Stand::of(&tool, Policy { concurrency: 1, ..plain() });
    let first = stand.call(json!({}));
    let second = async {
        tokio::task::yield_now().await;
        let began = Instant::now();
        (stand.call(json!({})).await, began.elapsed())
    };
    let (error, waited) = tokio::select! {
        biased;
        _ = first => unreachable!("it stalls"),
        (answer, waited) = second => (answer.unwrap_err(), waited),
    };
    assert!(matches!(error, ToolsError::Busy { concurrency: 1, .. }), "{error}");
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_frees_the_seat_and_is_written_down() {
    let tool = scripted(|turn, _| if turn == 0 { Deed::Stall } else { Deed::Answer(found(1)) });
    let stand = Stand::annotated(&tool, Policy { concurrency: 1, ..plain() }, Annotations::UNKNOWN);
    let left = tokio::time::timeout(Duration::from_millis(10), stand.call(json!({}))).await;
    assert!(left.is_err());
    assert_eq!(stand.call(json!({})).await.unwrap(), found(1));
    assert!(stand.shows(r#"ondol_tool_calls_total{tool="search",outcome="CANCELLED"} 1"#));
}

#[tokio::test]
async fn another_way_into_a_tool_is_under_its_limits() {
    let tool = scripted(|_, _| Deed::Answer(found(1)));
    let aside = scripted(|_, _| Deed::Answer(Output::text("x".repeat(100))));
    let two = NonZeroU32::new(2).unwrap();
    let rate = Some(RateLimit { per_minute: two, burst: two });
    let stand = Stand::of(&tool, Policy { rate, max_answer_bytes: 50, ..plain() });
    let mounted = stand.registry.get("search", &Caller::new("team-a")).unwrap();
    let input = Schema::of_arguments(json!({"type": "object", "required": ["key"]})).unwrap();
    let beside = |most| {
        stand.workshop.mount_beside(
            &mounted,
            Arc::clone(&aside) as Arc<dyn Tool>,
            (input.clone(), None),
            most,
        )
    };
    let call = |arguments| Call::new(object(arguments), Caller::new("team-a"));

    // Its own arguments and size; its own shape of answers, which is none here.
    let wide = beside(100).unwrap();
    assert_eq!(wide.call(call(json!({}))).await.unwrap_err().kind(), Kind::InvalidArgument);
    assert_eq!(wide.call(call(json!({"key": 1}))).await.unwrap(), Output::text("x".repeat(100)));
    let narrow = beside(99).unwrap();
    assert_eq!(narrow.call(call(json!({"key": 1}))).await.unwrap_err().reason(), "TOOL_ANSWER_TOO_LARGE");
    // One rate for all ways, and one name.
    assert_eq!(stand.call(json!({})).await.unwrap_err().reason(), "TOOL_RATE_LIMITED");
    assert_eq!(wide.call(call(json!({"key": 1}))).await.unwrap_err().reason(), "TOOL_RATE_LIMITED");
    assert!(stand.shows(r#"ondol_tool_calls_total{tool="search",outcome="ok"} 1"#));
}
