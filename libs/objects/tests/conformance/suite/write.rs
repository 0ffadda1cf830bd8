//! Writing at once.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fault::{Fault, Kind};
use objects::{Attributes, GetOptions, PutOptions};

use crate::subject::{Subject, attributes, key};

pub async fn what_was_written_is_read_back(subject: &Subject) {
    let (store, key) = (&subject.store, key("generated/7/1/out.txt"));
    let options = PutOptions::default().with(attributes());
    let stored = store.put(&key, Bytes::from_static(b"hello"), options).await.unwrap();
    assert_eq!(stored.size, 5);

    let info = store.head(&key, None).await.unwrap();
    assert_eq!((info.size, &info.etag, &info.key), (5, &stored.etag, &key));
    assert_eq!(info.attributes, attributes());
    // S3 tells whole seconds, and file systems round.
    let age = SystemTime::now().duration_since(info.modified).unwrap_or_default();
    assert!(age < Duration::from_mins(1), "{age:?}");

    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!((&object.info, object.range.clone()), (&info, 0..5));
    assert_eq!(object.bytes(5).await.unwrap(), "hello");

    let again = store.put(&key, Bytes::from_static(b"other"), PutOptions::default()).await.unwrap();
    assert_ne!(again.etag, stored.etag);
    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!(object.info.etag, again.etag);
    assert_eq!(object.info.attributes.metadata, Attributes::default().metadata);
    assert_eq!(object.bytes(5).await.unwrap(), "other");
}

pub async fn an_empty_object_is_an_object(subject: &Subject) {
    let (store, key) = (&subject.store, key("empty"));
    let stored = store.put(&key, Bytes::new(), PutOptions::if_absent()).await.unwrap();
    assert_eq!(stored.size, 0);
    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!((object.info.size, object.range.clone()), (0, 0..0));
    assert!(object.bytes(0).await.unwrap().is_empty());
}

pub async fn keys_may_have_any_characters(subject: &Subject) {
    let texts =
        ["with space", "한글/ø~", "a+b", "100%25", "a&b=c?d#e", "<quo\"ted>'", "back\\slash", "-", "..."];
    for text in texts {
        let body = Bytes::copy_from_slice(text.as_bytes());
        subject.store.put(&key(text), body.clone(), PutOptions::if_absent()).await.unwrap();
        let object = subject.store.get(&key(text), GetOptions::default()).await.unwrap();
        assert_eq!(object.bytes(100).await.unwrap(), body);
    }
    let page = subject.store.list(objects::ListOptions::default()).await.unwrap();
    let mut listed: Vec<_> = page.items.iter().map(|item| item.key.as_str()).collect();
    let mut expected = texts.to_vec();
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

pub async fn attributes_that_fit_no_header_are_refused(subject: &Subject) {
    let options = || PutOptions::default().with(Attributes::content_type("text/html\r\nset-cookie: a"));
    let error = subject.store.put(&key("a"), Bytes::new(), options()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument);
    let error = subject.store.write(&key("a"), options()).await.unwrap_err();
    assert_eq!(error.violations()[0].field, "content_type");
    assert!(subject.store.head(&key("a"), None).await.is_err());
}
