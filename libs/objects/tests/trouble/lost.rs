//! Writes that happened although their answer was lost.

use bytes::Bytes;
use objects::{GetOptions, Objects, ObjectsError, PutOptions};

use crate::front::{Fault, Which, key, trouble};

const PUT: Which = Which("PUT /bucket/a", "");
const COMPLETE: Which = Which("POST /bucket/a", "uploadId=");

#[tokio::test]
async fn a_create_whose_answer_was_lost_meets_itself() {
    let trouble = trouble().await;
    trouble.next(1, PUT, Fault::Lose);
    let options = PutOptions::if_absent();
    let stored = trouble.store.put(&key("a"), Bytes::from_static(b"ours"), options.clone()).await.unwrap();
    assert_eq!(trouble.seen(PUT).len(), 2, "the second was refused, as the first had happened");
    let info = trouble.store.head(&key("a"), None).await.unwrap();
    assert_eq!(info.etag, stored.etag);
    assert!(info.attributes.metadata.is_empty(), "the mark is not told");

    // The same bytes by somebody else are not ours.
    trouble.next(1, PUT, Fault::Cut);
    let error = trouble.store.put(&key("a"), Bytes::from_static(b"ours"), options).await.unwrap_err();
    assert!(matches!(error, ObjectsError::AlreadyExists { .. }), "{error}");
}

#[tokio::test]
async fn a_replacement_whose_answer_was_lost_meets_itself() {
    let trouble = trouble().await;
    let first = trouble.store.put(&key("a"), Bytes::from_static(b"1"), PutOptions::default()).await.unwrap();
    trouble.next(1, PUT, Fault::Lose);
    let options = PutOptions::if_match(first.etag);
    let second = trouble.store.put(&key("a"), Bytes::from_static(b"2"), options.clone()).await.unwrap();
    assert_eq!(trouble.store.head(&key("a"), None).await.unwrap().etag, second.etag);
    let error = trouble.store.put(&key("a"), Bytes::from_static(b"3"), options).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Conflict { .. }), "{error}");
}

#[tokio::test]
async fn an_upload_whose_last_answer_was_lost_is_there() {
    for options in [PutOptions::default(), PutOptions::if_absent()] {
        let trouble = trouble().await;
        trouble.next(1, COMPLETE, Fault::Lose);
        let bytes = Bytes::from(vec![7; 6 * 1024 * 1024]);
        let stored = trouble.store.put(&key("a"), bytes.clone(), options).await.unwrap();
        let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
        assert_eq!((&object.info.etag, stored.size), (&stored.etag, bytes.len() as u64));
        assert!(object.bytes(1 << 30).await.unwrap() == bytes);
        assert_eq!(trouble.seen(COMPLETE).len(), 2);
        assert_eq!(trouble.seen(Which("DELETE", "")).len(), 0, "there is nothing to abort");
    }
}
