//! What passes is tried again, so callers do not see it.

use bytes::Bytes;
use objects::{GetOptions, Objects, ObjectsError, PutOptions};

use crate::front::{ATTEMPTS, Fault, Which, key, trouble};

const PUT: Which = Which("PUT /bucket/a", "");
const GET: Which = Which("GET /bucket/a", "");

fn passing() -> Vec<Fault> {
    vec![
        Fault::refuse(500, "InternalError"),
        Fault::refuse(503, "SlowDown"),
        Fault::refuse(503, "ServiceUnavailable"),
        Fault::Cut,
        Fault::Lose,
    ]
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for fault in passing() {
        let trouble = trouble().await;
        trouble.next(ATTEMPTS - 1, PUT, fault.clone());
        trouble.next(ATTEMPTS - 1, GET, fault.clone());
        trouble.store.put(&key("a"), Bytes::from_static(b"hello"), PutOptions::default()).await.unwrap();
        let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
        assert_eq!(object.bytes(5).await.unwrap(), "hello", "{fault:?}");
        assert_eq!(trouble.seen(PUT).len(), ATTEMPTS, "{fault:?}");
        assert_eq!(trouble.seen(GET).len(), ATTEMPTS, "{fault:?}");
    }
}

#[tokio::test]
async fn what_stays_is_told_after_so_many_attempts() {
    for fault in passing() {
        let trouble = trouble().await;
        trouble.next(usize::MAX, GET, fault.clone());
        trouble.store.put(&key("a"), Bytes::from_static(b"hello"), PutOptions::default()).await.unwrap();
        let error = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap_err();
        let slow = matches!(fault, Fault::Refuse(_, "SlowDown", _));
        let expected = if slow {
            matches!(error, ObjectsError::SlowDown { attempts: 3, .. })
        } else {
            matches!(error, ObjectsError::Unavailable { attempts: 3, .. })
        };
        assert!(expected, "{fault:?}: {error:?}");
        assert_eq!(fault::Fault::kind(&error), fault::Kind::Unavailable);
        assert_eq!(fault::Fault::retry_after(&error).is_some(), slow);
        assert_eq!(trouble.seen(GET).len(), ATTEMPTS, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_failed_left_nothing() {
    for fault in [Fault::refuse(500, "InternalError"), Fault::refuse(503, "SlowDown"), Fault::Cut] {
        let trouble = trouble().await;
        trouble.next(usize::MAX, PUT, fault);
        trouble.store.put(&key("a"), Bytes::from_static(b"hello"), PutOptions::default()).await.unwrap_err();
        let error = trouble.store.head(&key("a"), None).await.unwrap_err();
        assert!(matches!(error, ObjectsError::NotFound { .. }), "{error}");
    }
}

#[tokio::test]
async fn two_conditional_writes_at_once_are_sorted_out() {
    let trouble = trouble().await;
    trouble.next(1, PUT, Fault::refuse(409, "ConditionalRequestConflict"));
    trouble.store.put(&key("a"), Bytes::from_static(b"hello"), PutOptions::if_absent()).await.unwrap();
    trouble.next(usize::MAX, PUT, Fault::refuse(409, "ConditionalRequestConflict"));
    let options = PutOptions::if_absent();
    let error = trouble.store.put(&key("a"), Bytes::from_static(b"other"), options).await.unwrap_err();
    assert!(matches!(error, ObjectsError::Conflict { .. }), "{error}");
    assert_eq!(trouble.seen(PUT).len(), 2 + ATTEMPTS);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    let trouble = trouble().await;
    trouble.next(usize::MAX, GET, Fault::refuse(403, "AccessDenied"));
    trouble.store.get(&key("a"), GetOptions::default()).await.unwrap_err();
    assert_eq!(trouble.seen(GET).len(), 1);
}
