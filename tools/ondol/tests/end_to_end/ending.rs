//! How the process goes: in good order when it is asked, at once when it is asked again.

use std::{net::TcpStream, time::Instant};

use proto::inference::v1::stream_generate_text_response::Event;

use crate::stack::{PATIENCE, Stack, ask_for, read};

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_an_open_stream_finish_and_nobody_in() {
    let Some(stack) = Stack::start() else { return };
    stack.wait_for("/readyz", &["200 OK"]);
    let stream = stack.open(stack.keyed(ask_for("Count to a million.", 150))).await;
    stack.terminate();
    stack.wait_for("/readyz", &["503 Service Unavailable"]);
    let began = Instant::now();
    while TcpStream::connect(stack.api).is_ok() {
        assert!(began.elapsed() < PATIENCE, "a draining api lets nobody in");
    }

    let events = read(stream).await.unwrap();
    let Some(Event::Finished(finished)) = events.last() else { panic!("{events:?}") };
    assert_eq!(finished.usage.unwrap().completion_tokens, 150);
    assert_eq!(stack.exit().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let Some(stack) = Stack::start() else { return };
    // Not ready for being just started is no sign that the first signal was heard.
    stack.wait_for("/readyz", &["200 OK"]);
    let stream = stack.open(stack.keyed(ask_for("Count to a million.", 1900))).await;
    stack.terminate();
    stack.wait_for("/readyz", &["503 Service Unavailable"]);
    stack.terminate();
    read(stream).await.expect_err("the stream was cut off");
    assert_eq!(stack.exit().code(), Some(128 + 15));
}
