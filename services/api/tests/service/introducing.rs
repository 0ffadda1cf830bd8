//! What llm-inference learns of a caller: what api knows, and nothing that the caller claims.

use std::time::Duration;

use tonic::{Request, metadata::MetadataMap};

use crate::{
    scripted::Script,
    stand::{OWNER, SECRET, Stand, ask, keyed},
};

/// The metadata that llm-inference sees of a call with this metadata and the known key.
async fn introduced(metadata: &[(&'static str, &str)]) -> MetadataMap {
    let stand = Stand::start(Script::Greet).await;
    let mut request = keyed(ask());
    for (key, value) in metadata {
        request.metadata_mut().insert(*key, value.parse().unwrap());
    }
    stand.client().generate_text(request).await.unwrap();
    let [seen] = &stand.upstream.asked()[..] else { panic!("asked more than once") };
    seen.clone()
}

fn text<'a>(metadata: &'a MetadataMap, key: &str) -> &'a str {
    let mut values = metadata.get_all(key).iter();
    let value = values.next().unwrap_or_else(|| panic!("no {key} in {metadata:?}"));
    assert!(values.next().is_none(), "more than one {key} in {metadata:?}");
    value.to_str().unwrap()
}

#[tokio::test]
async fn the_principal_is_the_keys_owner_whatever_the_caller_claims() {
    for claim in [&[][..], &[("x-ondol-principal", "root")]] {
        assert_eq!(text(&introduced(claim).await, "x-ondol-principal"), OWNER);
    }
}

#[tokio::test]
async fn the_callers_key_and_other_metadata_stay_outside() {
    let seen = introduced(&[("x-tenant", "other"), ("cookie", "session=1")]).await;
    for kept in ["authorization", "x-tenant", "cookie"] {
        assert!(seen.get(kept).is_none(), "{kept} in {seen:?}");
    }
}

#[tokio::test]
async fn the_request_keeps_its_id_on_the_way_in_and_back() {
    assert_eq!(text(&introduced(&[("x-request-id", "mine-1")]).await, "x-request-id"), "mine-1");
    let stand = Stand::start(Script::Greet).await;
    let answer = stand.client().generate_text(keyed(ask())).await.unwrap();
    let (told, seen) = (text(answer.metadata(), "x-request-id"), &stand.upstream.asked()[0]);
    assert_eq!(text(seen, "x-request-id"), told, "an id that api made is told to both sides");
    assert!(answer.metadata().get("x-internal").is_none(), "the peer's own metadata stays inside");
}

#[tokio::test]
async fn no_more_time_goes_on_than_is_left() {
    let mut request = Request::new(());
    request.set_timeout(Duration::from_secs(5));
    let asked = text(request.metadata(), "grpc-timeout").to_owned();
    let seen = introduced(&[("grpc-timeout", &asked)]).await;
    let left = text(&seen, "grpc-timeout");
    let micros: u64 = left.strip_suffix('u').unwrap_or_else(|| panic!("{left}")).parse().unwrap();
    assert!((1..5_000_000).contains(&micros), "{left}");
}

#[tokio::test]
async fn the_trace_goes_on_in_a_span_of_our_own() {
    let _logs = testkit::capture_logs();
    let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let seen = introduced(&[("traceparent", &format!("00-{trace}-{span}-01"))]).await;
    let parts: Vec<_> = text(&seen, "traceparent").split('-').collect();
    assert_eq!(parts[1], trace);
    assert_ne!(parts[2], span);
}

#[tokio::test]
async fn no_line_at_any_level_holds_what_opens_the_door() {
    let logs = testkit::capture_logs();
    let stand = Stand::start(Script::Greet).await;
    stand.client().generate_text(keyed(ask())).await.unwrap();
    let mut stranger = Request::new(ask());
    stranger.metadata_mut().insert("authorization", "Bearer not-the-word".parse().unwrap());
    stand.client().generate_text(stranger).await.unwrap_err();
    // Each line there is, those of libraries included, and not only what a filter would let through.
    assert!(!logs.lines_with(&["TRACE"]).is_empty());
    assert_eq!(logs.lines_with(&["call ended", "\"status\":\"OK\"", "\"principal\":\"laptop\""]).len(), 1);
    for secret in [SECRET, "not-the-word"] {
        assert!(logs.lines_with(&[secret]).is_empty(), "{:?}", logs.lines_with(&[secret]));
    }
}
