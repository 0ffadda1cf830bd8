//! Downloads that are cut, stall, change or are damaged on their way.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use objects::{ByteRange, GetOptions, Objects, ObjectsError, PutOptions};

use crate::front::{ATTEMPTS, Fault, Trouble, Which, key, trouble, trouble_with};

const GET: Which = Which("GET /bucket/a", "");
const SIZE: usize = 3_000_000;

async fn filled(trouble: Trouble) -> (Trouble, Bytes) {
    let bytes: Bytes = (0..SIZE as u32).map(|index| (index % 251) as u8).collect();
    trouble.store.put(&key("a"), bytes.clone(), PutOptions::default()).await.unwrap();
    (trouble, bytes)
}

#[tokio::test]
async fn a_download_that_is_cut_goes_on_where_it_was() {
    let (trouble, bytes) = filled(trouble().await).await;
    trouble.next(1, GET, Fault::CutBody(1_000_000));
    trouble.next(1, GET, Fault::CutBody(500_000));
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    let etag = object.info.etag.to_string();
    assert!(object.bytes(SIZE as u64).await.unwrap() == bytes);
    let seen = trouble.seen(GET);
    assert_eq!(seen.len(), 3);
    // Of what was sent last before the cut, some may have been lost.
    let starts = seen.iter().map(|seen| match &seen.range {
        None => 0,
        Some(range) => {
            let range = range.strip_prefix("bytes=").unwrap().strip_suffix("-2999999").unwrap();
            range.parse::<u32>().unwrap()
        }
    });
    let starts: Vec<_> = starts.collect();
    assert!(starts[0] < starts[1] && starts[1] < starts[2] && starts[2] <= 1_500_000, "{starts:?}");
    assert!(seen[1..].iter().all(|seen| seen.if_match.as_ref() == Some(&etag)));
}

#[tokio::test]
async fn a_range_that_is_cut_ends_where_it_was_to_end() {
    let (trouble, bytes) = filled(trouble().await).await;
    trouble.next(1, GET, Fault::CutBody(10));
    let options = GetOptions::range(ByteRange::Span { first: 100, last: 199 });
    let object = trouble.store.get(&key("a"), options).await.unwrap();
    assert_eq!(object.bytes(100).await.unwrap(), bytes[100..200]);
    assert_eq!(trouble.seen(GET)[1].range.as_deref(), Some("bytes=110-199"));
}

#[tokio::test]
async fn a_download_without_progress_ends() {
    let (trouble, _) = filled(trouble().await).await;
    trouble.next(usize::MAX, GET, Fault::CutBody(10));
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    let error = object.bytes(SIZE as u64).await.map(drop).unwrap_err();
    assert!(matches!(error, ObjectsError::Unavailable { .. }), "{error}");
    assert_eq!(trouble.seen(GET).len(), ATTEMPTS);
}

#[tokio::test]
async fn two_contents_are_never_mixed() {
    // Whether the object was replaced or deleted, and whether S3 looks at conditions or, as this one, does not.
    let (trouble, bytes) = filled(trouble().await).await;
    for fault in [None, Some(Fault::refuse(412, "PreconditionFailed")), Some(Fault::refuse(404, "NoSuchKey"))]
    {
        trouble.store.put(&key("a"), bytes.clone(), PutOptions::default()).await.unwrap();
        trouble.next(1, GET, Fault::CutBody(1_000_000));
        let mut body = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap().into_stream();
        let first = body.next().await.unwrap().unwrap();
        assert!(bytes.starts_with(&first));
        match fault {
            None => {
                let other = Bytes::from(vec![0; SIZE]);
                trouble.store.put(&key("a"), other, PutOptions::default()).await.unwrap();
            }
            Some(fault) => trouble.next(1, GET, fault),
        }
        let error = body.try_collect::<Vec<_>>().await.unwrap_err();
        assert!(matches!(error, ObjectsError::Replaced { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_download_that_stands_still_goes_on_elsewhere() {
    let (trouble, bytes) = filled(trouble_with(|it| it.stall = Duration::from_millis(200)).await).await;
    trouble.next(1, GET, Fault::Stall(1_000_000));
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    assert!(object.bytes(SIZE as u64).await.unwrap() == bytes);
    assert_eq!(trouble.seen(GET).len(), 2);
}

#[tokio::test]
async fn damage_on_the_way_is_seen() {
    let (trouble, _) = filled(trouble().await).await;
    trouble.next(1, GET, Fault::Flip);
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    let error = object.bytes(SIZE as u64).await.map(drop).unwrap_err();
    assert!(matches!(error, ObjectsError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn damage_is_seen_across_a_cut() {
    let (trouble, _) = filled(trouble().await).await;
    trouble.next(1, GET, Fault::CutBody(1_000_000));
    trouble.next(1, GET, Fault::Flip);
    let object = trouble.store.get(&key("a"), GetOptions::default()).await.unwrap();
    let error = object.bytes(SIZE as u64).await.map(drop).unwrap_err();
    assert!(matches!(error, ObjectsError::Damaged { .. }), "{error}");
}
