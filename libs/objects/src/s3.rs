//! S3, and whatever speaks like it.
//!
//! Reading order: [`S3Settings`]; `connect` makes the client; `put` and `upload` write, `get` and `download` read, then
//! `list`, `versions`, `delete`, `presign`. `trouble` turns what goes wrong into our errors, `mark` finds out whether a
//! write happened whose answer was lost.
//!
//! Three layers try again: the client itself (500, 503, cut or refused connections, time-outs, clock skew), `download`
//! (a connection cut in the middle, from where it was cut and only if the object is still the same), and `put` (409,
//! two conditional writes at the same moment). All are bounded by the same number of attempts.

mod connect;
mod delete;
mod download;
mod get;
mod list;
mod mark;
mod part;
mod presign;
mod put;
mod settings;
mod trouble;
mod upload;
mod versions;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use bytes::Bytes;
use tokio_util::task::TaskTracker;

use crate::{
    Deleted, GetOptions, Key, ListOptions, Listed, Object, ObjectInfo, ObjectWriter, Objects, ObjectsError,
    Page, Presigned, PutOptions, Stored, Version, VersionId,
};

pub use settings::S3Settings;

/// A blob store in a bucket, below a prefix. Clones are the same store.
#[derive(Clone, Debug)]
pub struct S3 {
    bucket: Arc<Bucket>,
}

/// A bucket and how it is reached.
#[derive(Debug)]
struct Bucket {
    client: Client,
    region: String,
    settings: S3Settings,
    /// Starts of uploads, and ends of those that were given up.
    tasks: TaskTracker,
}

impl S3 {
    /// Prepares to talk to a bucket. Nothing is sent to it yet: [`check`](Objects::check) does.
    pub async fn open(settings: S3Settings) -> Result<Self, ObjectsError> {
        let (client, region) = connect::connect(&settings).await?;
        let bucket = Bucket { client, region, settings, tasks: TaskTracker::new() };
        Ok(Self { bucket: Arc::new(bucket) })
    }
}

impl Bucket {
    fn name(&self) -> &str {
        &self.settings.bucket
    }

    /// What S3 calls the object.
    fn full_key(&self, key: &Key) -> Result<String, ObjectsError> {
        let full = format!("{}{key}", self.settings.prefix);
        if full.len() <= 1024 {
            return Ok(full);
        }
        let most = 1024 - self.settings.prefix.len();
        Err(ObjectsError::invalid(
            "key",
            format!("expected at most {most} bytes here, got {}", key.as_str().len()),
        ))
    }

    /// What we call an object of S3; `None` for one that is not ours or has a name that we do not take.
    fn own_key(&self, full: &str) -> Option<Key> {
        Key::new(full.strip_prefix(&self.settings.prefix)?).ok()
    }
}

#[async_trait]
impl Objects for S3 {
    async fn put(&self, key: &Key, body: Bytes, options: PutOptions) -> Result<Stored, ObjectsError> {
        if body.len() > self.bucket.settings.part_size {
            let mut writer = self.write(key, options).await?;
            writer.write(body).await?;
            return writer.finish().await;
        }
        options.attributes.check()?;
        put::put(&self.bucket, key, body, &options).await
    }

    async fn write(&self, key: &Key, options: PutOptions) -> Result<ObjectWriter, ObjectsError> {
        options.attributes.check()?;
        self.bucket.full_key(key)?;
        let sink = upload::PartSink::new(Arc::clone(&self.bucket), key.clone(), options);
        Ok(ObjectWriter::new(key.clone(), Box::new(sink)))
    }

    async fn get(&self, key: &Key, options: GetOptions) -> Result<Object, ObjectsError> {
        get::get(&self.bucket, key, options).await
    }

    async fn head(&self, key: &Key, version: Option<&VersionId>) -> Result<ObjectInfo, ObjectsError> {
        get::head(&self.bucket, key, version).await
    }

    async fn list(&self, options: ListOptions) -> Result<Page<Listed>, ObjectsError> {
        list::list(&self.bucket, options).await
    }

    async fn list_versions(&self, options: ListOptions) -> Result<Page<Version>, ObjectsError> {
        versions::list(&self.bucket, options).await
    }

    async fn delete(&self, key: &Key, version: Option<&VersionId>) -> Result<Deleted, ObjectsError> {
        delete::delete(&self.bucket, key, version).await
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<(), ObjectsError> {
        delete::delete_many(&self.bucket, keys).await
    }

    async fn presign_get(&self, key: &Key, valid_for: Duration) -> Result<Presigned, ObjectsError> {
        presign::get(&self.bucket, key, valid_for).await
    }

    async fn presign_put(
        &self,
        key: &Key,
        valid_for: Duration,
        options: PutOptions,
    ) -> Result<Presigned, ObjectsError> {
        options.attributes.check()?;
        presign::put(&self.bucket, key, valid_for, &options).await
    }

    async fn check(&self) -> Result<(), ObjectsError> {
        // A list says more about what is wrong than HeadBucket, whose errors have no body.
        list::list(&self.bucket, ListOptions { page_size: 1, ..ListOptions::default() }).await.map(drop)
    }

    async fn close(&self) {
        self.bucket.tasks.close();
        self.bucket.tasks.wait().await;
    }
}
