//! Uploads that fail on their way.

use std::fs;

use aws_smithy_types::base64;
use bytes::Bytes;
use objects::{GetOptions, Objects, ObjectsError, PutOptions};

use crate::front::{ATTEMPTS, Fault, Trouble, Which, key, trouble, trouble_with};

const PART: Which = Which("PUT /bucket/a", "partNumber=");
const BEGIN: Which = Which("POST /bucket/a", "uploads");
const COMPLETE: Which = Which("POST /bucket/a", "uploadId=");
const ABORT: Which = Which("DELETE /bucket/a", "uploadId=");
const SIZE: usize = 11 * 1024 * 1024;

fn bytes() -> Bytes {
    (0..SIZE as u32).map(|index| (index % 251) as u8).collect()
}

/// Nothing is there, neither an object nor a part of one.
async fn assert_nothing_left(trouble: &Trouble) {
    trouble.store.close().await;
    let error = trouble.store.head(&key("a"), None).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    let entries = fs::read_dir(trouble.server.root()).unwrap().flatten();
    let parts = entries.filter(|entry| entry.file_name().to_str().unwrap().contains("upload"));
    assert_eq!(parts.count(), 0);
}

#[tokio::test]
async fn every_write_carries_its_checksum() {
    let trouble = trouble().await;
    trouble.store.put(&key("a"), Bytes::from_static(b"123456789"), PutOptions::default()).await.unwrap();
    // The check value of CRC-64/NVME.
    let check = base64::encode(0xae8b_1486_0a79_9888_u64.to_be_bytes());
    assert_eq!(trouble.seen(Which("PUT", "PutObject"))[0].checksum.as_ref(), Some(&check));
    trouble.store.put(&key("a"), bytes(), PutOptions::default()).await.unwrap();
    let mut sent = trouble.seen(PART);
    sent.extend(trouble.seen(COMPLETE));
    let mut checksums: Vec<_> = sent.into_iter().map(|seen| seen.checksum.unwrap()).collect();
    assert_eq!(checksums.len(), 3 + 1);
    checksums.dedup();
    assert_eq!(checksums.len(), 4, "each of its own bytes, and the last of all");
}

#[tokio::test]
async fn parts_that_are_cut_are_sent_again() {
    let trouble = trouble().await;
    trouble.next(1, BEGIN, Fault::refuse(503, "SlowDown"));
    trouble.next(1, PART, Fault::Cut);
    trouble.next(1, PART, Fault::Lose);
    trouble.next(1, COMPLETE, Fault::refuse(500, "InternalError"));
    trouble.store.put(&key("a"), bytes(), PutOptions::if_absent()).await.unwrap();
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    assert!(object.bytes(SIZE as u64).await.unwrap() == bytes());
    assert_eq!(trouble.seen(PART).len(), 3 + 2);
}

#[tokio::test]
async fn an_upload_that_fails_leaves_nothing() {
    for which in [BEGIN, PART, COMPLETE] {
        for fault in [Fault::refuse(500, "InternalError"), Fault::Cut] {
            let trouble = trouble().await;
            trouble.next(usize::MAX, which, fault);
            let error = trouble.store.put(&key("a"), bytes(), PutOptions::default()).await.unwrap_err();
            assert!(matches!(error, ObjectsError::Unavailable { .. }), "{error}");
            assert_nothing_left(&trouble).await;
            let begun = usize::from(which.1 != BEGIN.1);
            assert_eq!(trouble.seen(ABORT).len(), begun, "{which:?}");
        }
    }
}

#[tokio::test]
async fn a_writer_that_failed_says_so() {
    let trouble = trouble().await;
    trouble.next(usize::MAX, PART, Fault::refuse(403, "AccessDenied"));
    let mut writer = trouble.store.write(&key("a"), PutOptions::default()).await.unwrap();
    let error = loop {
        if let Err(error) = writer.write(bytes()).await {
            break error;
        }
    };
    assert!(matches!(error, ObjectsError::AccessDenied { permission: "PutObject", .. }), "{error}");
    let error = writer.write("more").await.unwrap_err();
    assert!(matches!(error, ObjectsError::WriterFailed { .. }), "{error}");
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, ObjectsError::WriterFailed { .. }), "{error}");
    assert_nothing_left(&trouble).await;
}

#[tokio::test]
async fn an_upload_dropped_while_it_begins_leaves_nothing() {
    let trouble = trouble().await;
    let mut writer = trouble.store.write(&key("a"), PutOptions::default()).await.unwrap();
    {
        let mut write = Box::pin(writer.write(bytes()));
        assert!(futures::poll!(&mut write).is_pending());
    }
    drop(writer);
    assert_nothing_left(&trouble).await;
    assert_eq!((trouble.seen(BEGIN).len(), trouble.seen(ABORT).len()), (1, 1));
}

#[tokio::test]
async fn giving_up_is_tried_again_too() {
    let trouble = trouble().await;
    trouble.next(ATTEMPTS - 1, ABORT, Fault::refuse(503, "SlowDown"));
    let mut writer = trouble.store.write(&key("a"), PutOptions::default()).await.unwrap();
    writer.write(bytes()).await.unwrap();
    writer.abort().await;
    assert_eq!(trouble.seen(ABORT).len(), ATTEMPTS);
    assert_nothing_left(&trouble).await;
}

#[tokio::test]
async fn an_object_of_too_many_parts_is_refused() {
    let trouble = trouble_with(|it| it.most_parts = 2).await;
    let mut writer = trouble.store.write(&key("a"), PutOptions::default()).await.unwrap();
    writer.write(bytes()).await.unwrap();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, ObjectsError::TooLarge { limit: 10_485_760, .. }), "{error}");
    assert_nothing_left(&trouble).await;
}
