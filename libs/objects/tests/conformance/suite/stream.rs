//! Objects that pass in pieces.

use bytes::Bytes;
use futures::TryStreamExt;
use objects::{ByteRange, GetOptions, ListOptions, ObjectsError, PutOptions};
use tokio::io::AsyncBufReadExt;

use crate::subject::{Subject, attributes, key, noise};

/// More than two parts of the smallest size.
const LARGE: usize = 11 * 1024 * 1024 + 7;
/// No divisor of anything.
const PIECE: usize = 777_777;

pub async fn a_large_object_passes_in_pieces(subject: &Subject) {
    let (store, key, bytes) = (&subject.store, key("large"), Bytes::from(noise(LARGE)));
    let mut writer = store.write(&key, PutOptions::default().with(attributes())).await.unwrap();
    for start in (0..LARGE).step_by(PIECE) {
        writer.write(bytes.slice(start..LARGE.min(start + PIECE))).await.unwrap();
    }
    assert!(store.head(&key, None).await.is_err(), "nothing is there before the end");
    let stored = writer.finish().await.unwrap();
    assert_eq!(stored.size, LARGE as u64);

    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!((&object.info.etag, object.info.size), (&stored.etag, LARGE as u64));
    assert_eq!(object.info.attributes, attributes());
    let pieces: Vec<Bytes> = object.into_stream().try_collect().await.unwrap();
    assert!(pieces.len() > 1);
    assert!(pieces.concat() == bytes);

    // Across the seam of the first two parts.
    let seam = 5 * 1024 * 1024;
    let range = ByteRange::Span { first: seam - 10, last: seam + 9 };
    let object = store.get(&key, GetOptions::range(range)).await.unwrap();
    let seam = seam as usize;
    assert_eq!(object.bytes(20).await.unwrap(), bytes[seam - 10..seam + 10]);
}

pub async fn a_large_object_is_created_once(subject: &Subject) {
    let (store, key) = (&subject.store, key("large"));
    store.put(&key, Bytes::from_static(b"first"), PutOptions::if_absent()).await.unwrap();
    let mut writer = store.write(&key, PutOptions::if_absent()).await.unwrap();
    writer.write(noise(LARGE)).await.unwrap();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, ObjectsError::AlreadyExists { .. }), "{error}");
    let error = store.put(&key, Bytes::from(noise(LARGE)), PutOptions::if_absent()).await.unwrap_err();
    assert!(matches!(error, ObjectsError::AlreadyExists { .. }), "{error}");
    assert_eq!(store.head(&key, None).await.unwrap().size, 5);
}

pub async fn small_writes_become_lines(subject: &Subject) {
    const LINES: usize = 20_000;
    let (store, key) = (&subject.store, key("batch/out.jsonl"));
    let mut writer = store.write(&key, PutOptions::if_absent()).await.unwrap();
    for id in 0..LINES {
        writer.write(format!("{{\"id\":{id}}}\n")).await.unwrap();
    }
    writer.finish().await.unwrap();
    let mut lines = store.get(&key, GetOptions::default()).await.unwrap().into_reader().lines();
    let mut next = 0;
    while let Some(line) = lines.next_line().await.unwrap() {
        assert_eq!(line, format!("{{\"id\":{next}}}"));
        next += 1;
    }
    assert_eq!(next, LINES);
}

pub async fn what_was_not_finished_is_not_there(subject: &Subject) {
    let store = &subject.store;
    let mut dropped = store.write(&key("dropped"), PutOptions::default()).await.unwrap();
    dropped.write(noise(LARGE)).await.unwrap();
    drop(dropped);
    let mut aborted = store.write(&key("aborted"), PutOptions::default()).await.unwrap();
    aborted.write(noise(LARGE)).await.unwrap();
    aborted.abort().await;
    // A call that is given up before it has begun to wait has the same end.
    let mut halfway = store.write(&key("halfway"), PutOptions::default()).await.unwrap();
    {
        let mut write = Box::pin(halfway.write(noise(LARGE)));
        let _ = futures::poll!(&mut write);
    }
    // What is written in one go, as a file may be, is not halfway.
    drop(halfway);
    store.close().await;
    let page = store.list(ListOptions::default()).await.unwrap();
    assert_eq!(page.items, []);
}
