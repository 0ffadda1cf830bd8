//! Writing under a condition.

use bytes::Bytes;
use futures::future::join_all;
use objects::{GetOptions, ObjectsError, PutOptions};

use crate::subject::{Subject, key};

pub async fn a_key_is_created_once(subject: &Subject) {
    let (store, key) = (&subject.store, key("generated/7/1/out"));
    store.put(&key, Bytes::from_static(b"first"), PutOptions::if_absent()).await.unwrap();
    let error = store.put(&key, Bytes::from_static(b"second"), PutOptions::if_absent()).await.unwrap_err();
    assert!(matches!(error, ObjectsError::AlreadyExists { .. }), "{error}");
    let mut writer = store.write(&key, PutOptions::if_absent()).await.unwrap();
    writer.write("third").await.unwrap();
    let error = writer.finish().await.unwrap_err();
    assert!(matches!(error, ObjectsError::AlreadyExists { .. }), "{error}");
    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!(object.bytes(100).await.unwrap(), "first");

    store.delete(&key, None).await.unwrap();
    store.put(&key, Bytes::from_static(b"fourth"), PutOptions::if_absent()).await.unwrap();
}

pub async fn a_content_is_replaced_only_if_it_is_the_expected_one(subject: &Subject) {
    let (store, key) = (&subject.store, key("state"));
    let first = store.put(&key, Bytes::from_static(b"1"), PutOptions::default()).await.unwrap();
    let second =
        store.put(&key, Bytes::from_static(b"2"), PutOptions::if_match(first.etag.clone())).await.unwrap();
    let error =
        store.put(&key, Bytes::from_static(b"3"), PutOptions::if_match(first.etag)).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Conflict { .. }), "{error}");
    assert_eq!(store.head(&key, None).await.unwrap().etag, second.etag);

    store.delete(&key, None).await.unwrap();
    let error =
        store.put(&key, Bytes::from_static(b"4"), PutOptions::if_match(second.etag)).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Conflict { .. }), "{error}");
    assert!(store.head(&key, None).await.is_err());
}

pub async fn of_many_creators_one_succeeds(subject: &Subject) {
    if !subject.is_atomic {
        return;
    }
    for round in 0..10 {
        let key = key(&format!("race/{round}"));
        let creators = (0..8).map(|creator| {
            let (store, key) = (&subject.store, &key);
            async move { store.put(key, Bytes::from(vec![creator]), PutOptions::if_absent()).await }
        });
        let results = join_all(creators).await;
        let won: Vec<_> = (0u8..).zip(&results).filter(|(_, result)| result.is_ok()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        let lost = results.iter().filter_map(|result| result.as_ref().err());
        assert!(
            lost.into_iter().all(|error| matches!(error, ObjectsError::AlreadyExists { .. })),
            "{results:?}"
        );
        let object = subject.store.get(&key, GetOptions::default()).await.unwrap();
        assert_eq!(object.bytes(1).await.unwrap(), vec![won[0].0]);
    }
}
