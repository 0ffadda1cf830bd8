//! Objects and versions removed.

use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier};

use super::{
    Bucket,
    trouble::{Answer, DELETE},
};
use crate::{Deleted, Key, ObjectsError, VersionId};

/// What one request can delete.
const BATCH: usize = 1000;

pub(super) async fn delete(
    bucket: &Bucket,
    key: &Key,
    version: Option<&VersionId>,
) -> Result<Deleted, ObjectsError> {
    let request = bucket.client.delete_object().bucket(bucket.name()).key(bucket.full_key(key)?);
    match request.set_version_id(version.map(ToString::to_string)).send().await {
        Ok(output) => Ok(Deleted {
            // Of a version that was a marker, S3 says so too; but then the marker is gone.
            marker: version.is_none() && output.delete_marker().unwrap_or_default(),
            version: output.version_id().and_then(|id| VersionId::new(id).ok()),
        }),
        Err(error) if Answer::of(&error).code == "NoSuchKey" => Ok(Deleted::default()),
        Err(error) => Err(bucket.explain(DELETE, Some(key), error)),
    }
}

pub(super) async fn delete_many(bucket: &Bucket, keys: &[Key]) -> Result<(), ObjectsError> {
    for batch in keys.chunks(BATCH) {
        let objects = batch.iter().map(|key| {
            let object = ObjectIdentifier::builder().key(bucket.full_key(key)?).build();
            object.map_err(|error| failure("MissingKey", error.into()))
        });
        let objects = objects.collect::<Result<Vec<_>, _>>()?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| failure("MissingObjects", error.into()))?;
        let sent = bucket.client.delete_objects().bucket(bucket.name()).delete(delete).send().await;
        let output = sent.map_err(|error| bucket.explain(DELETE, None, error))?;
        let refused = output.errors().iter().find(|error| error.code() != Some("NoSuchKey"));
        if let Some(error) = refused {
            return Err(refusal(bucket, error));
        }
    }
    Ok(())
}

/// The first of the keys that were not deleted although the request was answered.
fn refusal(bucket: &Bucket, error: &Error) -> ObjectsError {
    let code = error.code().unwrap_or("unknown");
    let source = format!("{}: {}", error.key().unwrap_or_default(), error.message().unwrap_or(code)).into();
    let (operation, attempts) = (DELETE.what, bucket.settings.attempts);
    match code {
        "AccessDenied" => {
            let bucket = bucket.name().to_owned();
            ObjectsError::AccessDenied { bucket, operation, permission: DELETE.permission, source }
        }
        "SlowDown" => ObjectsError::SlowDown { attempts, source },
        "InternalError" => ObjectsError::Unavailable { operation, attempts, source },
        code => failure(code, source),
    }
}

fn failure(code: &str, source: Box<dyn std::error::Error + Send + Sync>) -> ObjectsError {
    ObjectsError::Unexpected { operation: DELETE.what, code: code.to_owned(), source }
}
