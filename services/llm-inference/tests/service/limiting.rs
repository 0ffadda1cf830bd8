//! A full queue, a deadline, a caller who goes away, a silence.

use std::time::Duration;

use proto::inference::v1::stream_generate_text_response::Event;
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::{
    gate::Gate,
    stand::{CAPACITY, Stand, Stub, ask, open, read, refusal},
    stopped_clock::StoppedClock,
};

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let (mut gate, hook) = Gate::closed();
    let stand = Stand::start([Stub { slots: 1, max_waiting: 1, ..Stub::hooked(hook) }]);
    let (running, waiting) =
        (open(&stand, Request::new(ask("one", 3))).await, open(&stand, Request::new(ask("two", 3))).await);
    let status = stand.client().generate_text(ask("three", 3)).await.unwrap_err();
    assert_eq!(refusal(&status), (Code::ResourceExhausted, "QUEUE_FULL".into()));
    let delay = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(delay.is_some_and(|delay| !delay.is_zero()), "{status:?}");
    assert!(status.get_details_quota_failure().is_some());

    gate.open();
    for admitted in [running, waiting] {
        let events = read(admitted).await.unwrap();
        assert!(matches!(events.last(), Some(Event::Finished(_))), "{events:?}");
    }
}

#[tokio::test]
async fn a_deadline_ends_a_stream_that_has_begun() {
    let (mut gate, hook) = Gate::closed();
    let stand = Stand::start([Stub::hooked(hook)]);
    let clock = StoppedClock::stop();
    // Written by hand: a deadline that the client knew of, it would keep itself.
    let mut request = Request::new(ask("Once", CAPACITY));
    request.metadata_mut().insert("grpc-timeout", "5S".parse().unwrap());
    let mut stream = open(&stand, request).await;
    gate.pass().await;
    let first = stream.message().await.unwrap().unwrap().event;
    assert!(matches!(first, Some(Event::Token(_))), "{first:?}");
    clock.advance(Duration::from_secs(5)).await;
    let status = stream.message().await.unwrap_err();
    assert_eq!(refusal(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()));
}

#[tokio::test]
async fn a_dropped_stream_frees_its_slot() {
    let (mut gate, hook) = Gate::closed();
    let stand = Stand::start([Stub { slots: 1, ..Stub::hooked(hook) }]);
    let endless = open(&stand, Request::new(ask("one", CAPACITY))).await;
    gate.pass().await;
    drop(endless);
    // The only slot is taken until the service has noticed, which is long before the last of these steps.
    let mut client = stand.client();
    let next = client.generate_text(ask("two", 3));
    let mut next = std::pin::pin!(next);
    let answer = loop {
        tokio::select! {
            answer = &mut next => break answer,
            () = gate.pass() => {}
        }
    };
    assert_eq!(answer.unwrap().into_inner().usage.unwrap().completion_tokens, 3);
    assert_eq!(stand.finished("cancelled"), 1);
}

#[tokio::test]
async fn a_silent_stream_shows_that_it_is_alive() {
    let (mut gate, hook) = Gate::closed();
    let stand = Stand::start([Stub::hooked(hook)]);
    let clock = StoppedClock::stop();
    let mut stream = open(&stand, Request::new(ask("Once", 1))).await;
    for _ in 0..2 {
        clock.advance(Duration::from_secs(15)).await;
        let beat = stream.message().await.unwrap().unwrap().event;
        assert!(matches!(beat, Some(Event::Heartbeat(_))), "{beat:?}");
    }
    gate.open();
    let events = read(stream).await.unwrap();
    assert!(matches!(events[..], [Event::Token(_), Event::Finished(_)]), "{events:?}");
}
