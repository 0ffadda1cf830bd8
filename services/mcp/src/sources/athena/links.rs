//! Links to whole results, which Athena has put into S3 as CSV.

use std::{sync::Arc, time::Duration};

use fault::Chain;
use objects::{Key, Objects, ObjectsError, Presigned, S3, S3Settings};
use tokio::sync::Mutex;

use crate::config::AthenaConfig;

/// How long a link works where nothing else is said: whoever has it has the right.
const USUAL_LIFE: Duration = Duration::from_mins(15);

/// Makes links. Results lie where the workgroup says, which may change.
pub(super) struct Links {
    valid_for: Option<Duration>,
    settings: S3Settings,
    opened: Mutex<Option<(String, Arc<S3>)>>,
}

impl Links {
    pub(super) fn new(config: &AthenaConfig) -> Self {
        let life = config.links.valid_for.unwrap_or(USUAL_LIFE);
        let settings = S3Settings {
            region: config.region.clone(),
            endpoint: config.links.endpoint.clone(),
            profile: config.profile.clone(),
            credentials: config.credentials.clone(),
            attempts: 1,
            ..S3Settings::new("")
        };
        Self { valid_for: config.links.enabled.then_some(life), settings, opened: Mutex::new(None) }
    }

    /// A link to what lies at `s3://BUCKET/KEY`. Where there can be none, the rows can still be read page by page.
    pub(super) async fn to(&self, location: &str) -> Option<Presigned> {
        let valid_for = self.valid_for?;
        let (bucket, key) = location.strip_prefix("s3://")?.split_once('/')?;
        let link = self.sign(bucket, key, valid_for).await;
        link.inspect_err(|error| tracing::warn!("no link to a result could be made: {}", Chain(error))).ok()
    }

    async fn sign(&self, bucket: &str, key: &str, valid_for: Duration) -> Result<Presigned, ObjectsError> {
        let key = Key::new(key)?;
        self.bucket(bucket).await?.presign_get(&key, valid_for).await
    }

    async fn bucket(&self, name: &str) -> Result<Arc<S3>, ObjectsError> {
        let mut opened = self.opened.lock().await;
        if let Some((_, bucket)) = opened.as_ref().filter(|(known, _)| known == name) {
            return Ok(Arc::clone(bucket));
        }
        let settings = S3Settings { bucket: name.to_owned(), ..self.settings.clone() };
        let bucket = Arc::new(S3::open(settings).await?);
        *opened = Some((name.to_owned(), Arc::clone(&bucket)));
        Ok(bucket)
    }
}
