//! Work that ends early: by a deadline, or because nobody waits for it.

use proto::inference::v1::stream_generate_text_response::Event;
use tonic::Code;

use crate::stack::{Stack, ask_for, refusal};

/// More tokens than any machine generates while one of these tests runs.
const ENDLESS: u32 = 1900;

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_a_stream_that_has_begun() {
    let Some(stack) = Stack::start() else { return };
    // Written by hand: a deadline that the client knew of, it would keep itself.
    let mut request = stack.keyed(ask_for("Count to a million.", ENDLESS));
    request.metadata_mut().insert("grpc-timeout", "2S".parse().unwrap());
    let mut stream = stack.open(request).await;
    let mut tokens = 0;
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => tokens += 1,
            Ok(None) => panic!("finished in time"),
            Err(status) => break status,
        }
    };
    assert!(tokens > 0);
    assert_eq!(refusal(&status), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".into()));
    stack.wait_for("/metrics", &["ondol_llm_requests_running{", "} 0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_stream_frees_its_slot() {
    let Some(stack) = Stack::start() else { return };
    let mut stream = stack.open(stack.keyed(ask_for("Count to a million.", ENDLESS))).await;
    let event = stream.message().await.unwrap().unwrap().event;
    assert!(matches!(event, Some(Event::Token(_))), "{event:?}");
    stack.wait_for("/metrics", &["ondol_llm_requests_running{", "} 1"]);
    drop(stream);
    stack.wait_for("/metrics", &["ondol_llm_requests_running{", "} 0"]);
    stack.wait_for("/metrics", &["ondol_llm_requests_finished_total{", "reason=\"cancelled\"} 1"]);
}
