//! Deleting.

use bytes::Bytes;
use objects::{GetOptions, Key, ListOptions, ObjectsError, PutOptions};

use crate::subject::{Subject, key};

pub async fn what_was_deleted_is_gone(subject: &Subject) {
    let (store, key) = (&subject.store, key("a/b/c"));
    store.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    store.delete(&key, None).await.unwrap();
    let error = store.get(&key, GetOptions::default()).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    assert_eq!(store.list(ListOptions::default()).await.unwrap().items, []);
    store.delete(&key, None).await.expect("a second time is no error");
    store.put(&key, Bytes::from_static(b"y"), PutOptions::if_absent()).await.unwrap();
}

pub async fn any_number_is_deleted_at_once(subject: &Subject) {
    let store = &subject.store;
    let there: Vec<Key> = ["a", "b/c", "b/d"].iter().map(|text| key(text)).collect();
    for key in &there {
        store.put(key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    }
    store.put(&key("kept"), Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
    // More than S3 takes in one request, and most of them not there; the last one is in the second batch.
    let mut keys: Vec<Key> = (0..1000).map(|index| key(&format!("missing/{index}"))).collect();
    keys.splice(0..2, there[..2].iter().cloned());
    keys.push(there[2].clone());
    store.delete_many(&keys).await.unwrap();
    store.delete_many(&[]).await.unwrap();
    let page = store.list(ListOptions::default()).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>(), ["kept"]);
}
