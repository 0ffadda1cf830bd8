//! Versions.

use bytes::Bytes;
use objects::{GetOptions, ListOptions, Objects, ObjectsError, PutOptions, Version, VersionId};

use crate::subject::{Subject, key};

async fn all(store: &dyn Objects, page_size: usize) -> Vec<Version> {
    let mut options = ListOptions { page_size, ..ListOptions::default() };
    let mut versions = Vec::new();
    loop {
        let page = store.list_versions(options.clone()).await.unwrap();
        versions.extend(page.items);
        match page.next {
            Some(next) => options.page_token = Some(next),
            None => return versions,
        }
    }
}

pub async fn older_contents_stay_where_versions_are_kept(subject: &Subject) {
    let (store, key) = (&*subject.store, key("a/b"));
    if !subject.keeps_versions {
        let stored = store.put(&key, Bytes::from_static(b"1"), PutOptions::default()).await.unwrap();
        assert_eq!(stored.version, None);
        let error = store.list_versions(ListOptions::default()).await.unwrap_err();
        assert!(matches!(error, ObjectsError::Unsupported { .. }), "{error}");
        return;
    }
    let mut written = Vec::new();
    for text in ["one", "two"] {
        let stored =
            store.put(&key, Bytes::from_static(text.as_bytes()), PutOptions::default()).await.unwrap();
        written.push(stored.version.unwrap());
    }
    let deleted = store.delete(&key, None).await.unwrap();
    assert!(deleted.marker);
    let marker = deleted.version.unwrap();
    let error = store.head(&key, None).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    assert_eq!(store.list(ListOptions::default()).await.unwrap().items, []);

    let of = |version: &VersionId| GetOptions { version: Some(version.clone()), ..GetOptions::default() };
    let object = store.get(&key, of(&written[0])).await.unwrap();
    assert_eq!(object.info.version.as_ref(), Some(&written[0]));
    assert_eq!(object.bytes(3).await.unwrap(), "one");
    assert_eq!(store.head(&key, Some(&written[1])).await.unwrap().version.as_ref(), Some(&written[1]));

    for page_size in [1000, 1] {
        let versions = all(store, page_size).await;
        let mut ids: Vec<_> = versions.iter().map(|version| &version.id).collect();
        ids.sort_by_key(|id| id.as_str());
        let mut expected = vec![&written[0], &written[1], &marker];
        expected.sort_by_key(|id| id.as_str());
        assert_eq!(ids, expected, "{page_size}");
        let latest: Vec<_> = versions.iter().filter(|version| version.is_latest).collect();
        assert!(latest.len() == 1 && latest[0].is_delete_marker && latest[0].id == marker, "{versions:?}");
    }

    // The marker removed, the object is back; its last version removed, it is gone for good.
    assert!(!store.delete(&key, Some(&marker)).await.unwrap().marker);
    assert_eq!(store.get(&key, GetOptions::default()).await.unwrap().bytes(3).await.unwrap(), "two");
    store.delete(&key, Some(&written[1])).await.unwrap();
    let error = store.get(&key, of(&written[1])).await.unwrap_err();
    assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    assert_eq!(store.get(&key, GetOptions::default()).await.unwrap().bytes(3).await.unwrap(), "one");
}
