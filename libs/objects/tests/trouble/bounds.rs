//! Time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use objects::{GetOptions, Objects, ObjectsError, PutOptions, S3};
use tokio::net::TcpListener;

use crate::front::{ATTEMPTS, Fault, Which, key, trouble, trouble_with};

const SHORT: Duration = Duration::from_millis(100);
/// Far less than the defaults, far more than three short ones on a busy machine.
const SOON: Duration = Duration::from_secs(8);

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let trouble = trouble_with(|it| it.timeout = SHORT).await;
    let which = Which("GET /bucket/a", "");
    trouble.next(usize::MAX, which, Fault::Hang);
    let begun = Instant::now();
    let error = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Unavailable { .. }), "{error}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(trouble.seen(which).len(), ATTEMPTS);
}

#[tokio::test]
async fn a_download_that_stands_still_for_good_ends() {
    let trouble = trouble_with(|it| it.stall = SHORT).await;
    trouble.store.put(&key("a"), Bytes::from(vec![7; 100_000]), PutOptions::default()).await.unwrap();
    trouble.next(usize::MAX, Which("GET /bucket/a", ""), Fault::Stall(10));
    let begun = Instant::now();
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    let error = object.bytes(100_000).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Unavailable { .. }), "{error}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut trouble = trouble().await;
    trouble.server.stop();
    // A port that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    trouble.settings.endpoint = Some(format!("http://{free}"));
    let away = S3::open(trouble.settings.clone()).await.unwrap();
    let error = away.check().await.unwrap_err();
    assert!(matches!(error, ObjectsError::Unavailable { .. }), "{error}");
}
