//! What is not set up rightly, told so that an operator can mend it.

use bytes::Bytes;
use fault::{Chain, Fault as _, Kind};
use objects::{GetOptions, Objects, ObjectsError, PutOptions};

use crate::front::{Fault, Trouble, Which, key, trouble, trouble_with};

const ALL: Which = Which("", "");

/// What reading, asking, writing and listing say.
async fn errors(trouble: &Trouble) -> Vec<ObjectsError> {
    let store = &trouble.store;
    vec![
        store.get(&key("a"), GetOptions::default()).await.unwrap_err(),
        store.head(&key("a"), None).await.unwrap_err(),
        store.put(&key("a"), Bytes::new(), PutOptions::if_absent()).await.unwrap_err(),
        store.check().await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_wrong_region_is_named_with_the_right_one() {
    let header = ("x-amz-bucket-region", "eu-central-1");
    let element = ("Region", "eu-central-1");
    let faults = [
        Fault::Refuse(301, "PermanentRedirect", vec![header]),
        Fault::Refuse(400, "AuthorizationHeaderMalformed", vec![header, element]),
    ];
    for fault in faults {
        let trouble = trouble().await;
        trouble.next(usize::MAX, ALL, fault);
        for error in errors(&trouble).await {
            let text = error.to_string();
            assert!(text.contains("eu-central-1") && text.contains("--objects-region"), "{text}");
            assert!(matches!(error, ObjectsError::WrongRegion { .. }), "{text}");
            assert!(!error.public_message().contains("bucket"));
        }
    }
    // As older stores tell it.
    let trouble = trouble().await;
    trouble.next(usize::MAX, ALL, Fault::Refuse(400, "AuthorizationHeaderMalformed", vec![element]));
    let error = trouble.store.check().await.unwrap_err();
    assert!(matches!(error, ObjectsError::WrongRegion { actual: Some(_), .. }), "{error}");
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let trouble = trouble_with(|it| it.bucket = "no-such-bucket".to_owned()).await;
    let error = trouble.store.check().await.unwrap_err();
    assert!(matches!(&error, ObjectsError::NoBucket { bucket } if bucket == "no-such-bucket"), "{error}");
    assert_eq!(error.kind(), Kind::Internal);
}

#[tokio::test]
async fn wrong_credentials_are_told() {
    for (access_key, secret) in [("AKIANOBODY", "x"), (testkit::S3Server::ACCESS_KEY, "wrong")] {
        let trouble =
            trouble_with(|it| it.credentials = Some((access_key.to_owned(), secret.to_owned()))).await;
        let error = trouble.store.check().await.unwrap_err();
        assert!(
            matches!(error, ObjectsError::Credentials { .. } | ObjectsError::AccessDenied { .. }),
            "{error}"
        );
        assert!(!Chain(&error).to_string().contains("wrong"), "a secret is never told");
    }
    let trouble = trouble().await;
    trouble.next(1, ALL, Fault::refuse(400, "ExpiredToken"));
    let error = trouble.store.check().await.unwrap_err();
    assert!(matches!(error, ObjectsError::Credentials { .. }), "{error}");
}

#[tokio::test]
async fn what_a_policy_does_not_allow_is_named() {
    let trouble = trouble().await;
    trouble.next(usize::MAX, ALL, Fault::refuse(403, "AccessDenied"));
    let told: Vec<_> = errors(&trouble).await.iter().map(ToString::to_string).collect();
    for (text, permission) in
        told.iter().zip(["s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket"])
    {
        assert!(text.contains(permission), "{text}");
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_for_good_is_told() {
    let trouble = trouble().await;
    trouble.next(usize::MAX, ALL, Fault::refuse(403, "RequestTimeTooSkewed"));
    let error = trouble.store.check().await.unwrap_err();
    assert!(matches!(error, ObjectsError::ClockSkew { .. }), "{error}");
}
