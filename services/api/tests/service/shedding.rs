//! The gate of a release: who is sent away before anything was done.

use std::time::Duration;

use tokio::time::timeout;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::{
    house::by,
    keys::key_file,
    routed::{Routed, told},
    scripted::Script,
    stand::{ask, keyed, refusal},
};

/// Blue takes one call, and nobody waits for it.
const NARROW: &str = "[releases.blue.concurrency]\nmost = 1\nline = 0\npatience = \"2s\"\n\
                      [[routes]]\nmodel = \"*\"\ntargets = [{ release = \"blue\" }]\n";

fn said<M>(mut request: Request<M>, priority: &'static str) -> Request<M> {
    request.metadata_mut().insert("x-ondol-priority", priority.parse().unwrap());
    request
}

#[tokio::test]
async fn a_call_too_many_is_refused_before_anything_was_done_and_has_room_later() {
    let routed = Routed::new(&[Script::Hold], NARROW).await;
    let mut held = routed.client().stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    held.message().await.unwrap().unwrap();
    for _ in 0..2 {
        let status = routed.client().generate_text(keyed(ask())).await.unwrap_err();
        assert_eq!(refusal(&status), (Code::ResourceExhausted, "MODEL_BUSY".into()));
        assert_eq!(status.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_secs(2)));
        let info = status.get_details_error_info().unwrap();
        assert_eq!(info.metadata.get("nothing_done").map(String::as_str), Some("true"));
    }
    assert_eq!(routed.releases[0].asked().len(), 1);
    drop(held);
    let again = async { while routed.client().generate_text(keyed(ask())).await.is_err() {} };
    timeout(Duration::from_secs(30), again).await.unwrap();
}

#[tokio::test]
async fn another_release_takes_what_one_sends_away_and_the_first_is_not_left_out_for_it() {
    let routes = format!("{NARROW}fallback = [{{ release = \"green\" }}]\n");
    let routed = Routed::new(&[Script::Hold, Script::Greet], &routes).await;
    let mut held = routed.client().stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    held.message().await.unwrap().unwrap();
    assert_eq!(routed.answers().await, "green");
    drop(held);
    // Meanwhile the budget of further attempts may be used up, so that some are refused.
    let blue = async || {
        let answer = routed.client().generate_text(keyed(ask())).await;
        answer.is_ok_and(|answer| told(&answer) == "blue")
    };
    let again = async { while !blue().await {} };
    timeout(Duration::from_secs(30), again).await.unwrap();
}

#[tokio::test]
async fn only_keys_with_the_scope_are_urgent() {
    let keys = key_file("urgent", "scopes = [\"priority\"]");
    let flags = ["--api-keys-file", keys.path().to_str().unwrap()];
    let routed = Routed::with(&[Script::Greet], NARROW, &flags).await;
    let answer = routed.client().generate_text(said(by("urgent", ask()), "high")).await.unwrap();
    assert_eq!(told(&answer), "blue");
    for wrong in ["high", "urgent"] {
        let status = routed.client().generate_text(said(keyed(ask()), wrong)).await.unwrap_err();
        assert_eq!(refusal(&status), (Code::InvalidArgument, "INVALID_ARGUMENT".into()));
        let wrong = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(wrong[0].field, "x-ondol-priority");
    }
}
