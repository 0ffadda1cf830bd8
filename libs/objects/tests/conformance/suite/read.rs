//! Reading.

use bytes::Bytes;
use objects::{ByteRange, GetOptions, ObjectsError, PutOptions};

use crate::subject::{Subject, key};

const TEXT: &[u8] = b"0123456789";

pub async fn a_range_is_the_bytes_asked_for(subject: &Subject) {
    let (store, key) = (&subject.store, key("digits"));
    store.put(&key, Bytes::from_static(TEXT), PutOptions::default()).await.unwrap();
    let ranges = [
        ("bytes=0-0", 0..1),
        ("bytes=2-4", 2..5),
        ("bytes=5-99", 5..10),
        ("bytes=9-", 9..10),
        ("bytes=0-", 0..10),
        ("bytes=-3", 7..10),
        ("bytes=-10", 0..10),
    ];
    for (header, expected) in ranges {
        let range: ByteRange = header.parse().unwrap();
        let object = store.get(&key, GetOptions::range(range)).await.unwrap();
        assert_eq!((object.range.clone(), object.info.size), (expected.clone(), 10), "{header}");
        let expected = &TEXT[expected.start as usize..expected.end as usize];
        assert_eq!(object.bytes(10).await.unwrap(), expected, "{header}");
    }
    for range in [ByteRange::From(10), ByteRange::Span { first: 10, last: 20 }] {
        let error = store.get(&key, GetOptions::range(range)).await.unwrap_err();
        assert!(matches!(error, ObjectsError::RangeNotSatisfiable { size: 10 }), "{range}: {error:?}");
    }
}

pub async fn what_the_reader_has_is_not_sent_again(subject: &Subject) {
    let (store, key) = (&subject.store, key("cached"));
    let etag = store.put(&key, Bytes::from_static(TEXT), PutOptions::default()).await.unwrap().etag;
    let known = GetOptions { if_none_match: Some(etag.clone()), ..GetOptions::default() };
    let error = store.get(&key, known.clone()).await.unwrap_err();
    assert!(matches!(&error, ObjectsError::NotModified { etag: told } if *told == etag), "{error}");
    let only_this = GetOptions { if_match: Some(etag), ..GetOptions::default() };
    store.get(&key, only_this.clone()).await.unwrap();

    store.put(&key, Bytes::from_static(b"new"), PutOptions::default()).await.unwrap();
    assert_eq!(store.get(&key, known).await.unwrap().bytes(3).await.unwrap(), "new");
    let error = store.get(&key, only_this).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Conflict { .. }), "{error}");
}

pub async fn what_is_not_there_is_told(subject: &Subject) {
    let missing = key("no/such/object");
    let errors = [
        subject.store.get(&missing, GetOptions::default()).await.unwrap_err(),
        subject.store.get(&missing, GetOptions::range(ByteRange::From(1))).await.unwrap_err(),
        subject.store.head(&missing, None).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, ObjectsError::NotFound { key } if *key == missing), "{error}");
    }
    subject.store.check().await.unwrap();
}

pub async fn an_object_too_large_for_memory_is_not_read(subject: &Subject) {
    let (store, key) = (&subject.store, key("large"));
    store.put(&key, Bytes::from_static(TEXT), PutOptions::default()).await.unwrap();
    let error = store.get(&key, GetOptions::default()).await.unwrap().bytes(9).await.unwrap_err();
    assert!(matches!(error, ObjectsError::TooLarge { limit: 9, .. }), "{error}");
    // The limit is for what is read, not for the object.
    let part = store.get(&key, GetOptions::range(ByteRange::Last(9))).await.unwrap();
    assert_eq!(part.bytes(9).await.unwrap(), &TEXT[1..]);
}
