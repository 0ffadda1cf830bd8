//! What becomes of calls when the upstream fails.

use std::time::Duration;

use fault::{Fault, Kind};
use serde_json::json;
use tokio::time::Instant;
use tools::{Annotations, BreakerState, Call, Caller, Output, Policy, ToolsError};

use crate::stand::{Deed, Stand, failure, found, object, plain, retrying, scripted, tripping};

#[tokio::test(start_paused = true)]
async fn what_is_idempotent_is_tried_again() {
    let tool = scripted(|turn, _| if turn < 2 { Deed::Fail(failure()) } else { Deed::Answer(found(1)) });
    let stand = Stand::of(&tool, Policy { retry: Some(retrying(3)), ..plain() });
    assert_eq!(stand.call(json!({})).await.unwrap(), found(1));
    assert!(stand.shows(r#"ondol_tool_retries_total{tool="search"} 2"#));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_is_tried_once() {
    let tool = scripted(|_, _| Deed::Fail(failure()));
    let stand = Stand::annotated(&tool, Policy { retry: Some(retrying(3)), ..plain() }, Annotations::UNKNOWN);
    assert_eq!(stand.call(json!({})).await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(tool.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn there_is_an_end_to_trying_and_a_budget() {
    let tool = scripted(|_, _| Deed::Fail(failure()));
    let stand = Stand::of(&tool, Policy { retry: Some(retrying(3)), ..plain() });
    stand.call(json!({})).await.unwrap_err();
    assert_eq!(tool.calls(), 3);
    let before = tool.calls();
    for _ in 0..100 {
        stand.call(json!({})).await.unwrap_err();
    }
    // The budget's floor, one retry a second over ten, is all that a dead upstream gets besides the calls themselves.
    assert!(tool.calls() - before <= 110, "{}", tool.calls());
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_asks_for_time_is_not_asked_again() {
    let busy = ToolsError::Upstream {
        upstream: "shop".into(),
        message: "status 429".into(),
        retry_after: Some(Duration::from_secs(7)),
        source: None,
    };
    let tool = scripted(move |_, _| Deed::Fail(busy.clone()));
    let stand = Stand::of(&tool, Policy { retry: Some(retrying(3)), ..plain() });
    let error = stand.call(json!({})).await.unwrap_err();
    assert_eq!((error.retry_after(), tool.calls()), (Some(Duration::from_secs(7)), 1));
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_it_before_the_tools_own() {
    let tool = scripted(|_, _| Deed::Stall);
    let stand = Stand::of(&tool, plain());
    let began = Instant::now();
    let deadline = Some(began + Duration::from_millis(300));
    let call = Call { deadline, ..Call::new(object(json!({})), Caller::new("team-a")) };
    let error = stand.registry.call("search", call).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (Kind::DeadlineExceeded, Duration::from_millis(300)));
}

#[tokio::test(start_paused = true)]
async fn all_attempts_lie_within_the_tools_time() {
    let tool = scripted(|_, _| Deed::Stall);
    let policy = Policy {
        timeout: Duration::from_secs(3),
        attempt_timeout: Duration::from_secs(2),
        retry: Some(retrying(5)),
        ..plain()
    };
    let stand = Stand::of(&tool, policy);
    let began = Instant::now();
    let error = stand.call(json!({})).await.unwrap_err();
    assert_eq!((error.kind(), tool.calls()), (Kind::DeadlineExceeded, 2));
    let said = error.to_string();
    assert!(
        said.starts_with("search did not answer within the 3 s of the call, of which its last attempt had ")
    );
    assert!(!error.nothing_was_done(), "the upstream may have done it");
    assert!(began.elapsed() <= Duration::from_millis(3010), "{:?}", began.elapsed());
}

/// Fails until the breaker opens.
async fn broken(stand: &Stand) {
    for _ in 0..4 {
        assert_eq!(stand.call(json!({})).await.unwrap_err().reason(), "UPSTREAM_FAILED");
    }
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Open));
}

#[tokio::test]
async fn an_upstream_that_fails_is_left_alone_and_callers_know_until_when() {
    let tool = scripted(|_, _| Deed::Fail(failure()));
    let open_for = Duration::from_mins(1);
    let stand = Stand::of(&tool, Policy { breaker: Some(tripping(open_for)), ..plain() });
    broken(&stand).await;
    for _ in 0..20 {
        let error = stand.call(json!({})).await.unwrap_err();
        assert_eq!((error.kind(), error.reason()), (Kind::Unavailable, "UPSTREAM_BREAKER_OPEN"));
        let wait = error.retry_after().unwrap();
        assert!(wait > Duration::from_secs(50) && wait <= open_for, "{wait:?}");
    }
    assert_eq!(tool.calls(), 4);
    assert!(stand.shows(r#"ondol_upstream_breaker{upstream="shop"} 2"#));
}

#[tokio::test]
async fn an_upstream_that_is_well_again_is_found_out_by_a_probe() {
    let tool = scripted(|turn, _| if turn < 4 { Deed::Fail(failure()) } else { Deed::Answer(found(1)) });
    let stand = Stand::of(&tool, Policy { breaker: Some(tripping(Duration::from_millis(20))), ..plain() });
    broken(&stand).await;
    let recovered = async {
        while stand.call(json!({})).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), recovered).await.unwrap();
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Closed));
    assert!(stand.shows(r#"ondol_upstream_breaker{upstream="shop"} 0"#));
}

#[tokio::test]
async fn a_breaker_is_its_upstreams_and_nobody_elses() {
    let ill = scripted(|_, _| Deed::Fail(failure()));
    let well = scripted(|_, _| Deed::Answer(found(1)));
    let stand = Stand::new(None);
    let policy = Policy { breaker: Some(tripping(Duration::from_mins(1))), ..plain() };
    let tools = [
        ("search", &ill, policy.clone(), "shop"),
        ("details", &well, policy.clone(), "shop"),
        ("weather", &well, policy, "sky"),
    ];
    stand.mount(&tools, Annotations::READS);
    broken(&stand).await;
    let call = || Call::new(object(json!({})), Caller::new("team-a"));
    let error = stand.registry.call("details", call()).await.unwrap_err();
    assert!(matches!(error, ToolsError::Open { .. }), "{error}");
    stand.registry.call("weather", call()).await.unwrap();

    // A reload does not forget.
    let again = scripted(|_, _| Deed::Answer(found(1)));
    let policy = Policy { breaker: Some(tripping(Duration::from_mins(1))), ..plain() };
    stand.mount(&[("search", &again, policy, "shop")], Annotations::READS);
    assert!(matches!(stand.call(json!({})).await.unwrap_err(), ToolsError::Open { .. }));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_answer_has_failed() {
    let tool = scripted(|_, _| Deed::Stall);
    let policy = Policy {
        attempt_timeout: Duration::from_millis(50),
        breaker: Some(tripping(Duration::from_mins(1))),
        ..plain()
    };
    let stand = Stand::of(&tool, policy);
    for _ in 0..4 {
        let error = stand.call(json!({})).await.unwrap_err();
        assert_eq!(error.kind(), Kind::DeadlineExceeded);
        assert_eq!(error.to_string(), "search did not answer within 50 ms");
    }
    assert!(stand.call(json!({})).await.unwrap_err().nothing_was_done());
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Open));
}

#[tokio::test]
async fn what_callers_did_wrong_does_not_count() {
    let tool = scripted(|_, _| Deed::Answer(Output::refusal("status 404")));
    let stand = Stand::of(&tool, Policy { breaker: Some(tripping(Duration::from_mins(1))), ..plain() });
    for _ in 0..20 {
        assert!(stand.call(json!({})).await.unwrap().is_error);
        stand.call(json!({"query": 1})).await.unwrap_err();
    }
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Closed));
}

#[tokio::test]
async fn where_an_upstream_leads_to_does_not_count_against_it() {
    let elsewhere = || ToolsError::Elsewhere {
        upstream: "shop".into(),
        host: "files.example".into(),
        message: "it answered 500".into(),
    };
    let tool = scripted(move |_, _| Deed::Fail(elsewhere()));
    let policy =
        Policy { breaker: Some(tripping(Duration::from_mins(1))), retry: Some(retrying(2)), ..plain() };
    let stand = Stand::of(&tool, policy);
    for _ in 0..5 {
        assert_eq!(stand.call(json!({})).await.unwrap_err().kind(), Kind::Unavailable);
    }
    assert_eq!(tool.calls(), 10, "it is tried again like any failure");
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Closed));
    assert!(stand.shows(r#"ondol_upstream_attempts_total{upstream="shop",outcome="ok"} 10"#));
}

#[tokio::test]
async fn what_never_left_is_no_attempt() {
    let none = |_: usize, _: &Call| Deed::Fail(ToolsError::credentials(failure()));
    let wrong = |_: usize, _: &Call| Deed::Fail(ToolsError::invalid(Vec::new()));
    for script in [Box::new(none) as Box<dyn Fn(usize, &Call) -> Deed + Send + Sync>, Box::new(wrong)] {
        let stand = Stand::of(&scripted(script), plain());
        stand.call(json!({})).await.unwrap_err();
        assert!(!stand.shows_any("ondol_upstream_attempts_total"));
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_credentials_has_asked_nobody() {
    let tool = scripted(|_, _| Deed::Prepare);
    let policy = Policy {
        attempt_timeout: Duration::from_millis(50),
        breaker: Some(tripping(Duration::from_mins(1))),
        ..plain()
    };
    let stand = Stand::of(&tool, policy);
    for _ in 0..5 {
        let error = stand.call(json!({})).await.unwrap_err();
        assert_eq!((error.reason(), error.nothing_was_done()), ("CREDENTIALS_MISSING", true), "{error}");
    }
    assert_eq!(stand.workshop.breakers.state("shop"), Some(BreakerState::Closed));
    assert!(!stand.shows_any("ondol_upstream_attempts_total"));
}
