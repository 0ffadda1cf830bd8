//! The store of objects, seen as the artifacts of jobs.

use std::sync::Arc;

use objects::{Attributes, GetOptions, Object, Objects, ObjectsError, PutOptions};

use crate::{
    Artifact, ArtifactName, ArtifactsError, Manifest,
    layout::{artifact_key, manifest_key},
};

/// More than any manifest has.
const MANIFEST_BYTES: u64 = 64 * 1024;

/// The artifacts of all jobs. Clones share the store.
#[derive(Clone, Debug)]
pub struct Shelf {
    objects: Arc<dyn Objects>,
}

impl Shelf {
    /// The shelf in a store.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects }
    }

    /// The store itself.
    pub fn objects(&self) -> &Arc<dyn Objects> {
        &self.objects
    }

    /// Makes a run's artifacts those of its job. Only for a run whose end the queue has accepted; again for the same
    /// run, it does nothing.
    pub async fn publish(&self, manifest: &Manifest) -> Result<(), ArtifactsError> {
        let key = manifest_key(&manifest.job)?;
        let options = PutOptions::if_absent().with(Attributes::content_type("application/json"));
        match self.objects.put(&key, manifest.to_bytes()?.into(), options).await {
            Ok(_) => Ok(()),
            Err(ObjectsError::AlreadyExists { .. }) => {
                let fence = self.manifest(&manifest.job).await?.fence;
                if fence == manifest.fence {
                    return Ok(());
                }
                Err(ArtifactsError::PublishedByAnother { job: manifest.job.clone(), fence })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What a job made; [`ArtifactsError::NotFound`] while nothing is published.
    pub async fn manifest(&self, job: &str) -> Result<Manifest, ArtifactsError> {
        let opened = self.objects.get(&manifest_key(job)?, GetOptions::default()).await;
        let bytes = opened.map_err(not_found)?.bytes(MANIFEST_BYTES).await?;
        Manifest::from_bytes(&bytes)
    }

    /// Opens an artifact of a manifest.
    pub async fn open(
        &self,
        manifest: &Manifest,
        name: &ArtifactName,
        options: GetOptions,
    ) -> Result<Object, ArtifactsError> {
        let artifact = manifest.artifact(name).ok_or(ArtifactsError::NotFound)?;
        let key = artifact_key(&manifest.job, manifest.fence, &artifact.name)?;
        self.objects.get(&key, options).await.map_err(not_found)
    }

    /// Removes an artifact, and its line in the manifest. One that is not there is removed already.
    pub async fn remove(&self, job: &str, name: &ArtifactName) -> Result<(), ArtifactsError> {
        let key = manifest_key(job)?;
        // Somebody else may remove another artifact at the same time.
        for _ in 0..8 {
            let opened = self.objects.get(&key, GetOptions::default()).await.map_err(not_found)?;
            let etag = opened.info.etag.clone();
            let mut manifest = Manifest::from_bytes(&opened.bytes(MANIFEST_BYTES).await?)?;
            let Some(artifact) = taken(&mut manifest, name) else { return Ok(()) };
            let options = PutOptions::if_match(etag).with(Attributes::content_type("application/json"));
            match self.objects.put(&key, manifest.to_bytes()?.into(), options).await {
                Ok(_) => {
                    let key = artifact_key(job, manifest.fence, &artifact.name)?;
                    self.objects.delete(&key, None).await?;
                    return Ok(());
                }
                Err(ObjectsError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(ObjectsError::Conflict { key }.into())
    }
}

fn taken(manifest: &mut Manifest, name: &ArtifactName) -> Option<Artifact> {
    let index = manifest.artifacts.iter().position(|artifact| artifact.name == *name)?;
    Some(manifest.artifacts.remove(index))
}

fn not_found(error: ObjectsError) -> ArtifactsError {
    match error {
        ObjectsError::NotFound { .. } => ArtifactsError::NotFound,
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use objects::{Folder, GetOptions, PutOptions};
    use tempfile::TempDir;

    use super::Shelf;
    use crate::{Artifact, ArtifactName, ArtifactsError, Manifest, artifact_key};

    async fn shelf() -> (TempDir, Shelf) {
        let folder = tempfile::tempdir().unwrap();
        let objects = Folder::open(folder.path()).await.unwrap();
        (folder, Shelf::new(Arc::new(objects)))
    }

    fn name(text: &str) -> ArtifactName {
        ArtifactName::new(text).unwrap()
    }

    /// A run that has written the artifact `text.txt`.
    async fn written(shelf: &Shelf, fence: u64, text: &'static str) -> Manifest {
        let key = artifact_key("0a", fence, &name("text.txt")).unwrap();
        let stored = shelf.objects().put(&key, text.into(), PutOptions::if_absent()).await.unwrap();
        let artifact = Artifact {
            name: name("text.txt"),
            content_type: "text/plain".into(),
            bytes: stored.size,
            etag: stored.etag.as_str().to_owned(),
        };
        Manifest { job: "0a".into(), owner: "me".into(), published: false, fence, artifacts: vec![artifact] }
    }

    #[tokio::test]
    async fn the_first_run_that_is_published_counts() {
        let (_folder, shelf) = shelf().await;
        assert!(matches!(shelf.manifest("0a").await, Err(ArtifactsError::NotFound)));
        let (zombie, winner) = (written(&shelf, 1, "late").await, written(&shelf, 2, "good").await);
        shelf.publish(&winner).await.unwrap();
        shelf.publish(&winner).await.unwrap();
        let refused = shelf.publish(&zombie).await.unwrap_err();
        assert!(matches!(refused, ArtifactsError::PublishedByAnother { fence: 2, .. }), "{refused}");
        let manifest = shelf.manifest("0a").await.unwrap();
        let opened = shelf.open(&manifest, &name("text.txt"), GetOptions::default()).await.unwrap();
        assert_eq!(&opened.bytes(10).await.unwrap()[..], b"good");
    }

    #[tokio::test]
    async fn what_is_removed_is_gone_and_may_be_removed_again() {
        let (_folder, shelf) = shelf().await;
        let manifest = written(&shelf, 1, "x").await;
        shelf.publish(&manifest).await.unwrap();
        for _ in 0..2 {
            shelf.remove("0a", &name("text.txt")).await.unwrap();
        }
        assert!(shelf.manifest("0a").await.unwrap().artifacts.is_empty());
        let opened = shelf.open(&manifest, &name("text.txt"), GetOptions::default()).await;
        assert!(matches!(opened, Err(ArtifactsError::NotFound)));
        assert!(matches!(shelf.remove("0b", &name("text.txt")).await, Err(ArtifactsError::NotFound)));
    }
}
