//! The suite on S3 with moto, which keeps versions.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    types::{BucketVersioningStatus, VersioningConfiguration},
};
use bytes::Bytes;
use objects::{GetOptions, Objects, PutOptions, S3, S3Settings};
use testkit::Moto;

use super::subject::{Subject, conforms, key, noise};

/// It takes a while to start, so the tests share one and have a bucket each.
fn moto() -> &'static Moto {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    MOTO.get_or_init(Moto::start)
}

/// A client that is not under test.
fn client() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(moto().endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .force_path_style(true);
    Client::from_conf(config.build())
}

async fn settings() -> S3Settings {
    static BUCKETS: AtomicUsize = AtomicUsize::new(0);
    let bucket = format!("bucket-{}", BUCKETS.fetch_add(1, Ordering::Relaxed));
    client().create_bucket().bucket(&bucket).send().await.unwrap();
    let mut settings = S3Settings::new(bucket);
    settings.endpoint = Some(moto().endpoint().to_owned());
    settings.credentials = Some(("key".to_owned(), "secret".to_owned()));
    settings.part_size = 5 * 1024 * 1024;
    settings
}

async fn open() -> Subject {
    let settings = settings().await;
    let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request =
        client().put_bucket_versioning().bucket(&settings.bucket).versioning_configuration(versioning);
    request.send().await.unwrap();
    let store = Arc::new(S3::open(settings).await.unwrap());
    Subject { store, keeps_versions: true, signs: true, is_atomic: false, _server: Box::new(()) }
}

conforms!(open);

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_no_parts() {
    let settings = settings().await;
    let store = S3::open(settings.clone()).await.unwrap();
    let mut writer = store.write(&key("large"), PutOptions::default()).await.unwrap();
    writer.write(noise(11 * 1024 * 1024)).await.unwrap();
    let uploads = || async {
        let output = client().list_multipart_uploads().bucket(&settings.bucket).send().await.unwrap();
        output.uploads().len()
    };
    assert_eq!(uploads().await, 1);
    drop(writer);
    store.close().await;
    assert_eq!(uploads().await, 0);
}

#[tokio::test]
async fn stores_below_different_prefixes_do_not_see_each_other() {
    let settings = settings().await;
    let open = |prefix: &str| S3::open(S3Settings { prefix: prefix.to_owned(), ..settings.clone() });
    let (ours, theirs, whole) =
        (open("ours/").await.unwrap(), open("theirs/").await.unwrap(), open("").await.unwrap());
    ours.put(&key("a"), Bytes::from_static(b"x"), PutOptions::if_absent()).await.unwrap();
    theirs.put(&key("b"), Bytes::from_static(b"y"), PutOptions::if_absent()).await.unwrap();
    let keys = |store: S3| async move {
        let page = store.list(objects::ListOptions::default()).await.unwrap();
        page.items.into_iter().map(|item| item.key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(keys(ours.clone()).await, ["a"]);
    assert_eq!(keys(whole).await, ["ours/a", "theirs/b"]);
    assert_eq!(theirs.get(&key("b"), GetOptions::default()).await.unwrap().info.key, key("b"));
    let error = ours.head(&key(&"k".repeat(1020)), None).await.unwrap_err();
    assert!(error.to_string().contains("at most 1019 bytes"), "{error}");
}
