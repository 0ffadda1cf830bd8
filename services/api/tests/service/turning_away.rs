//! Who is turned away at the door: told what they would be told further in, and nobody is asked for it.

use std::time::Duration;

use proto::inference::v1::GetModelRequest;
use tokio::time::timeout;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::{
    house::by,
    keys::key_file,
    limited::{Limited, number, subjects},
    plain,
    routed::Routed,
    scripted::Script,
    stand::{SECRET, ask, keyed, refusal},
};

#[tokio::test]
async fn whoever_has_used_up_their_requests_is_told_so_at_the_door_in_every_tongue() {
    let file = key_file("second", "");
    let flags = ["--api-keys-file", file.path().to_str().unwrap()];
    let limited = Limited::with(Script::Greet, "keys.requests_per_day = 1", &flags).await;
    let mut client = limited.stand.client();
    client.generate_text(keyed(ask())).await.unwrap();
    let first = client.generate_text(keyed(ask())).await.unwrap_err();
    let logs = testkit::capture_logs();
    let again = client.generate_text(keyed(ask())).await.unwrap_err();
    let describe = GetModelRequest { name: "models/stub".into() };
    let other = client.get_model(keyed(describe)).await.unwrap_err();
    for told in [&again, &other] {
        assert_eq!(refusal(told), (Code::ResourceExhausted, "QUOTA_EXCEEDED".to_owned()));
        assert_eq!(subjects(told), subjects(&first));
        assert_eq!(number(told.metadata(), "x-ratelimit-limit-requests"), 1);
        let waits = [told, &first].map(|it| it.get_details_retry_info().unwrap().retry_delay.unwrap());
        assert!(waits[0] <= waits[1] && waits[0].abs_diff(waits[1]) < Duration::from_mins(1), "{waits:?}");
    }
    let key = format!("Bearer {SECRET}");
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    for path in ["/api/v1/models/stub:generateText", "/v1/chat/completions"] {
        let answer = plain::send(limited.stand.address, "POST", path, &headers, "{}").await;
        assert_eq!(answer.status.as_u16(), 429, "{path}: {answer:?}");
        assert!(answer.text().to_uppercase().contains("QUOTA_EXCEEDED"), "{path}: {answer:?}");
    }
    assert_eq!(logs.lines_with(&["call ended", "RESOURCE_EXHAUSTED"]).len(), 0, "nobody looked closer");
    client.generate_text(by("second", ask())).await.unwrap();
}

/// Blue takes one call, and one waits for it.
const NARROW: &str = "[releases.blue.concurrency]\nmost = 1\nline = 1\npatience = \"60s\"\n\
                      [[routes]]\nmodel = \"*\"\ntargets = [{ release = \"blue\" }]\n";

fn said<M>(mut request: Request<M>, priority: &'static str) -> Request<M> {
    request.metadata_mut().insert("x-ondol-priority", priority.parse().unwrap());
    request
}

#[tokio::test]
async fn who_would_find_no_place_at_any_release_is_turned_away_and_the_urgent_are_looked_at() {
    let keys = key_file("urgent", "scopes = [\"priority\"]");
    let flags = ["--api-keys-file", keys.path().to_str().unwrap()];
    let routed = Routed::with(&[Script::Hold], NARROW, &flags).await;
    let mut client = routed.client();
    let mut held = client.stream_generate_text(keyed(ask())).await.unwrap().into_inner();
    held.message().await.unwrap().unwrap();
    // Somebody waits, and then the line is full for all who are not more urgent.
    let mut waiting = routed.client();
    let mut waits = tokio::task::JoinSet::new();
    waits.spawn(async move { waiting.generate_text(said(keyed(ask()), "low")).await });
    let full = async {
        while client.generate_text(said(Request::new(ask()), "low")).await.unwrap_err().code()
            != Code::ResourceExhausted
        {}
    };
    timeout(Duration::from_secs(30), full).await.unwrap();
    let logs = testkit::capture_logs();
    let low = client.generate_text(said(keyed(ask()), "low")).await.unwrap_err();
    assert_eq!(refusal(&low), (Code::ResourceExhausted, "MODEL_BUSY".into()));
    assert_eq!(low.get_details_retry_info().unwrap().retry_delay, Some(Duration::from_mins(1)));
    assert_eq!(logs.lines_with(&["call ended"]).len(), 0, "nobody looked closer");
    // One that claims to be urgent is looked at: it has no key.
    let nobody = client.generate_text(said(Request::new(ask()), "high")).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    // And one that is takes the place in the line.
    let mut urgent = routed.client();
    waits.spawn(async move { urgent.generate_text(said(by("urgent", ask()), "high")).await });
    let sent_away = timeout(Duration::from_secs(30), waits.join_next()).await.unwrap().unwrap().unwrap();
    assert_eq!(refusal(&sent_away.unwrap_err()), (Code::ResourceExhausted, "MODEL_BUSY".into()));
    // What needs no place is not refused for want of one.
    let describe = GetModelRequest { name: "models/stub".into() };
    client.get_model(keyed(describe)).await.unwrap();
}
