//! What jobs made.
//!
//! A worker ends a run in the queue first and publishes its manifest then. One that dies between the two leaves a job
//! that is done without a manifest; the queue's record of its result holds the same words, and whoever looks first
//! publishes them.

use std::{sync::Arc, time::Duration};

use artifacts::{Artifact, ArtifactName, ArtifactsError, Manifest, Shelf, Upload, artifact_key};
use fault::Chain;
use jobs::{Job, JobId, JobsError, Queue, State};
use objects::{Attributes, GetOptions, Object, ObjectInfo, ObjectsError, Presigned, PutOptions};

use crate::{ApiError, Backends};

/// The artifacts of all jobs. Clones are the same.
#[derive(Clone)]
pub(crate) struct Results {
    shelf: Shelf,
    queue: Option<Arc<dyn Queue>>,
}

/// An artifact that its reader may see.
pub(crate) struct Found {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) artifact: Artifact,
}

impl Results {
    /// The results in these backends; `None` where there is no store.
    pub(crate) fn of(backends: &Backends) -> Option<Self> {
        let objects = backends.objects.clone()?;
        Some(Self { shelf: Shelf::new(objects), queue: backends.queue.clone() })
    }

    /// The store.
    pub(crate) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// What a job made, whoever asks.
    async fn manifest(&self, id: JobId) -> Result<Manifest, ApiError> {
        match (self.shelf.manifest(&id.to_string()).await, &self.queue) {
            (Err(ArtifactsError::NotFound), Some(queue)) => match queue.get(id).await {
                Ok(job) => self.publish(&job).await?.ok_or(ArtifactsError::NotFound.into()),
                Err(JobsError::NotFound { .. }) => Err(ArtifactsError::NotFound.into()),
                Err(problem) => Err(problem.into()),
            },
            (found, _) => Ok(found?),
        }
    }

    /// What this owner's job made.
    pub(crate) async fn of_owner(&self, owner: &str, id: JobId) -> Result<Manifest, ApiError> {
        let manifest = self.manifest(id).await?;
        if manifest.owner == owner { Ok(manifest) } else { Err(ArtifactsError::NotFound.into()) }
    }

    /// An artifact of this owner.
    pub(crate) async fn owned(&self, owner: &str, id: JobId, name: &ArtifactName) -> Result<Found, ApiError> {
        Found::of(self.of_owner(owner, id).await?, name)
    }

    /// An artifact that this principal may read; `None` for somebody without a key.
    pub(crate) async fn readable(
        &self,
        principal: Option<&str>,
        id: JobId,
        name: &ArtifactName,
    ) -> Result<Found, ApiError> {
        let manifest = self.manifest(id).await?;
        if manifest.may_be_read_by(principal) {
            Found::of(manifest, name)
        } else {
            Err(ArtifactsError::NotFound.into())
        }
    }

    /// What a job that was looked at made, published if it was not. The job is told of either way: its own record has
    /// it.
    pub(crate) async fn settled(&self, job: &Job) -> Option<Manifest> {
        let told = Self::told(job)?;
        let found = match self.shelf.manifest(&told.job).await {
            Err(ArtifactsError::NotFound) => self.publish(job).await,
            found => found.map(Some),
        };
        found.unwrap_or_else(|problem| {
            tracing::warn!(job = told.job, "cannot look at a job's artifacts: {}", Chain(&problem));
            Some(told)
        })
    }

    /// What the queue's record of a job says that it made.
    pub(crate) fn told(job: &Job) -> Option<Manifest> {
        let result = job.result.as_deref().filter(|_| job.state == State::Done)?;
        let manifest = Manifest::from_bytes(result);
        manifest.inspect_err(|problem| tracing::warn!(job = %job.id, "{}", Chain(problem))).ok()
    }

    async fn publish(&self, job: &Job) -> Result<Option<Manifest>, ArtifactsError> {
        let Some(manifest) = Self::told(job) else { return Ok(None) };
        self.shelf.publish(&manifest).await?;
        tracing::info!(job = %job.id, "published what a lost worker had finished");
        Ok(Some(manifest))
    }

    /// Removes an artifact of this owner.
    pub(crate) async fn remove(&self, owner: &str, id: JobId, name: &ArtifactName) -> Result<(), ApiError> {
        let manifest = self.of_owner(owner, id).await?;
        Ok(self.shelf.remove(&manifest.job, name).await?)
    }

    /// Opens the bytes of an artifact.
    pub(crate) async fn open(&self, found: &Found, options: GetOptions) -> Result<Object, ApiError> {
        Ok(self.shelf.open(&found.manifest, &found.artifact.name, options).await?)
    }

    /// What the store knows of an artifact.
    pub(crate) async fn describe(&self, found: &Found) -> Result<ObjectInfo, ApiError> {
        let key = artifact_key(&found.manifest.job, found.manifest.fence, &found.artifact.name)?;
        match self.shelf.objects().head(&key, None).await {
            Err(ObjectsError::NotFound { .. }) => Err(ArtifactsError::NotFound.into()),
            described => Ok(described?),
        }
    }

    /// A URL at which anybody reads an artifact for a while.
    pub(crate) async fn download_url(
        &self,
        found: &Found,
        valid_for: Duration,
    ) -> Result<Presigned, ApiError> {
        let key = artifact_key(&found.manifest.job, found.manifest.fence, &found.artifact.name)?;
        Ok(self.shelf.objects().presign_get(&key, valid_for).await?)
    }

    /// A URL at which anybody writes an upload of this owner, once.
    pub(crate) async fn upload_url(
        &self,
        owner: &str,
        upload: &Upload,
        content_type: &str,
        valid_for: Duration,
    ) -> Result<Presigned, ApiError> {
        let options = PutOptions::if_absent().with(Attributes::content_type(content_type));
        Ok(self.shelf.objects().presign_put(&upload.key(owner)?, valid_for, options).await?)
    }
}

impl Found {
    fn of(manifest: Manifest, name: &ArtifactName) -> Result<Self, ApiError> {
        let artifact = manifest.artifact(name).cloned().ok_or(ArtifactsError::NotFound)?;
        Ok(Self { manifest: Arc::new(manifest), artifact })
    }

    /// Every artifact of a manifest.
    pub(crate) fn all(manifest: Manifest) -> impl Iterator<Item = Self> {
        let manifest = Arc::new(manifest);
        let artifacts = manifest.artifacts.clone().into_iter();
        artifacts.map(move |artifact| Self { manifest: Arc::clone(&manifest), artifact })
    }
}
