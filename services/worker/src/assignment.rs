//! What a handler is given: whose job it is, and where to put what it makes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use artifacts::{Artifact, ArtifactName, Manifest, Shelf, artifact_key};
use bytes::Bytes;
use jobs::Origin;
use objects::{Attributes, ObjectWriter, PutOptions, Stored};
use prost::Message;
use proto::jobs::v1::Progress;
use rpc::CallContext;
use tokio::sync::watch;

use crate::{WorkerError, scratch};

/// One run of a job, as its handler sees it.
pub(crate) struct Assignment {
    /// The job's name, as in `jobs/{job}`.
    pub(crate) job: String,
    /// This run's number; what it writes lies under it.
    pub(crate) fence: u64,
    /// Whose job it is.
    pub(crate) owner: String,
    /// In whose name its calls are made, and under which id.
    pub(crate) context: CallContext,
    /// The end that it follows, where it does.
    pub(crate) origin: Option<Origin>,
    /// Where artifacts go and input lies.
    pub(crate) shelf: Shelf,
    news: watch::Sender<Vec<u8>>,
    made: Arc<Mutex<Vec<Artifact>>>,
}

/// An artifact being written. Dropping it leaves nothing behind.
pub(crate) struct ArtifactWriter {
    writer: ObjectWriter,
    name: ArtifactName,
    content_type: String,
    made: Arc<Mutex<Vec<Artifact>>>,
}

impl Assignment {
    pub(crate) fn new(job: String, fence: u64, owner: String, context: CallContext, shelf: Shelf) -> Self {
        let news = watch::Sender::new(Vec::new());
        Self { job, fence, owner, context, origin: None, shelf, news, made: Arc::default() }
    }

    /// Reports how far it is. Only the newest report is sent on.
    pub(crate) fn progress(&self, progress: &Progress) {
        self.news.send_replace(progress.encode_to_vec());
    }

    /// Hears of reports.
    pub(crate) fn news(&self) -> watch::Receiver<Vec<u8>> {
        self.news.subscribe()
    }

    /// Writes an artifact that is in memory.
    pub(crate) async fn put(
        &self,
        name: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<(), WorkerError> {
        let mut writer = self.write(name, content_type).await?;
        writer.write(body).await?;
        writer.finish().await
    }

    /// Starts to write an artifact of any size.
    pub(crate) async fn write(&self, name: &str, content_type: &str) -> Result<ArtifactWriter, WorkerError> {
        let name = ArtifactName::new(name)?;
        let key = artifact_key(&self.job, self.fence, &name)?;
        let options = PutOptions::if_absent().with(Attributes::content_type(content_type));
        let writer = self.shelf.objects().write(&key, options).await?;
        Ok(ArtifactWriter {
            writer,
            name,
            content_type: content_type.to_owned(),
            made: Arc::clone(&self.made),
        })
    }

    /// Removes what the runs of this job kept for each other.
    pub(crate) async fn clear_scratch(&self) -> Result<(), WorkerError> {
        scratch::remove(self.shelf.objects().as_ref(), &self.job).await
    }

    /// What was made so far.
    pub(crate) fn made(&self) -> Vec<Artifact> {
        locked(&self.made).clone()
    }

    /// The record of what was made.
    pub(crate) fn manifest(&self, published: bool) -> Manifest {
        let mut artifacts = self.made();
        artifacts.sort_by(|one, other| one.name.cmp(&other.name));
        Manifest { job: self.job.clone(), owner: self.owner.clone(), published, fence: self.fence, artifacts }
    }
}

impl ArtifactWriter {
    pub(crate) async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<(), WorkerError> {
        Ok(self.writer.write(bytes).await?)
    }

    /// Puts the artifact in its place and on the list of what was made.
    pub(crate) async fn finish(self) -> Result<(), WorkerError> {
        let Stored { etag, size, .. } = self.writer.finish().await?;
        let etag = etag.as_str().to_owned();
        let artifact = Artifact { name: self.name, content_type: self.content_type, bytes: size, etag };
        locked(&self.made).push(artifact);
        Ok(())
    }
}

fn locked(made: &Mutex<Vec<Artifact>>) -> MutexGuard<'_, Vec<Artifact>> {
    made.lock().unwrap_or_else(PoisonError::into_inner)
}
