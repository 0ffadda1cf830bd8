//! URLs signed in advance.

use std::time::Duration;

use bytes::Bytes;
use fault::{Fault, Kind};
use objects::{Attributes, GetOptions, ObjectsError, PutOptions};

use crate::{
    http::request,
    subject::{Subject, key},
};

const MINUTE: Duration = Duration::from_mins(1);

pub async fn a_signed_url_needs_no_credentials(subject: &Subject) {
    let (store, key) = (&subject.store, key("shared/a b.txt"));
    if !subject.signs {
        let error = store.presign_get(&key, MINUTE).await.unwrap_err();
        assert!(matches!(error, ObjectsError::Unsupported { .. }), "{error}");
        return;
    }
    store.put(&key, Bytes::from_static(b"hello"), PutOptions::default()).await.unwrap();
    let signed = store.presign_get(&key, MINUTE).await.unwrap();
    assert!(!format!("{signed:?}").contains("Signature"));
    let (status, body) = request(signed.method, &signed.url, &signed.headers, "").await;
    assert_eq!((status, body.as_str()), (200, "hello"));
    for lifetime in [Duration::ZERO, Duration::from_secs(7 * 24 * 3600 + 1)] {
        let error = store.presign_get(&key, lifetime).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    }
}

pub async fn a_signed_url_writes_what_was_signed(subject: &Subject) {
    let (store, key) = (&subject.store, key("uploads/a.txt"));
    let options = PutOptions::if_absent().with(Attributes::content_type("text/csv"));
    if !subject.signs {
        let error = store.presign_put(&key, MINUTE, options).await.unwrap_err();
        assert!(matches!(error, ObjectsError::Unsupported { .. }), "{error}");
        return;
    }
    let signed = store.presign_put(&key, MINUTE, options).await.unwrap();
    let (status, _) = request(signed.method, &signed.url, &signed.headers, "a,b").await;
    assert_eq!(status, 200);
    let object = store.get(&key, GetOptions::default()).await.unwrap();
    assert_eq!(object.info.attributes.content_type.as_deref(), Some("text/csv"));
    assert_eq!(object.bytes(3).await.unwrap(), "a,b");
    let (status, _) = request(signed.method, &signed.url, &signed.headers, "c,d").await;
    assert_eq!(status, 412);
}
