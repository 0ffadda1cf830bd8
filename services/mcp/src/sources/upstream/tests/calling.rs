//! Callers who leave, circles, and credentials that run out.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use runtime::Life;
use serde_json::json;
use tokio::sync::Notify;

use super::{
    liar::{Asked, Liar, stream_of},
    stand::{Stand, call},
};

/// Tells when it is dropped.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Has calls wait for ever, and tells when nobody waits for them any more.
fn waits(liar: &Liar) -> Arc<Notify> {
    let closed = Arc::new(Notify::new());
    let told = Arc::clone(&closed);
    liar.says(move |asked: &Asked| {
        let told = Told(Arc::clone(&told));
        (asked.method() == "tools/call").then(|| {
            let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from(": wait\n\n"))]);
            let rest = stream::poll_fn(move |_| {
                let _held = &told;
                std::task::Poll::Pending
            });
            stream_of(Body::from_stream(first.chain(rest)))
        })
    });
    closed
}

#[tokio::test]
async fn a_caller_who_leaves_closes_the_connection_and_older_servers_are_told() {
    for (liar, is_told) in [(Liar::new().await, false), (Liar::old().await, true)] {
        let mut stand = Stand::of(&liar, "").await;
        let life = Life::new();
        stand.assembly.begin(&life);
        let closed = waits(&liar);
        {
            let mut calling = std::pin::pin!(stand.echo());
            let heard = liar.heard(|asked| asked.method() == "tools/call");
            tokio::select! {
                answer = &mut calling => panic!("{answer:?}"),
                () = heard => {}
            }
            // The answer has begun, and the caller leaves.
            let begun = tokio::time::timeout(std::time::Duration::from_millis(100), &mut calling).await;
            assert!(begun.is_err());
        }
        closed.notified().await;
        if is_told {
            liar.heard(|asked| asked.method() == "notifications/cancelled").await;
            let id = liar.asked("tools/call")[0].message["id"].clone();
            let cancelled = liar.asked("notifications/cancelled").remove(0);
            assert_eq!(cancelled.message["params"]["requestId"], id);
            assert_eq!(cancelled.header("mcp-session-id"), "session-1");
        }
        life.stop("the test is over");
    }
}

#[tokio::test]
async fn servers_that_lead_in_a_circle_end() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, "").await;
    for (hops, goes) in [(0, true), (3, true), (4, false), (u64::MAX, false)] {
        let mut asking = call(json!({"text": "a"}));
        asking.hops = hops;
        let answer = stand.shown.call("up_echo", asking).await.unwrap();
        assert_eq!(!answer.is_error, goes, "{hops}: {answer:?}");
    }
    let asked: Vec<_> = liar
        .asked("tools/call")
        .iter()
        .map(|asked| asked.message["params"]["_meta"]["ondol/hops"].clone())
        .collect();
    assert_eq!(asked, [json!(1), json!(4)]);
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_taken_at_once() {
    let liar = Liar::new().await;
    let stand = Stand::of(&liar, "auth = { header = \"x-key\", secret = \"key\" }\n").await;
    stand.echo().await.unwrap();
    stand.secret("the next one");
    liar.says(|asked: &Asked| (asked.header("x-key") != "the next one").then(|| asked.error(401, -32000)));
    // A folder looks again after a second at the soonest.
    let answered = AtomicBool::new(false);
    let patience = async {
        while stand.echo().await.is_err() {
            tokio::task::yield_now().await;
        }
        answered.store(true, Ordering::SeqCst);
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), patience).await.unwrap();
    assert!(answered.load(Ordering::SeqCst));
}
