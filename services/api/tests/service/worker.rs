//! A worker that does what a test tells it to, by the words that api and worker share.

use std::{sync::Arc, time::Duration};

use artifacts::{Artifact, ArtifactName, Manifest, Shelf, artifact_key};
use jobs::{Beat, ClaimRequest, Claimed, Finish, Name, Outcome, Pulse, Queue, Receipt};
use objects::{Attributes, Objects, PutOptions};
use prost::Message;
use proto::jobs::v1::Progress;

const LEASE: Duration = Duration::from_secs(30);

/// The worker.
pub(crate) struct Worker {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) shelf: Shelf,
}

impl Worker {
    pub(crate) fn new(queue: Arc<dyn Queue>, objects: Arc<dyn Objects>) -> Self {
        Self { queue, shelf: Shelf::new(objects) }
    }

    /// The one job that waits.
    pub(crate) async fn claim(&self) -> Claimed {
        let name = |text| Name::new("name", text).unwrap();
        let kinds = vec![(name("generate_text"), 1), (name("batch"), 1)];
        let request = ClaimRequest { worker: name("worker"), kinds, most: 1, lease: LEASE };
        self.queue.claim(request).await.unwrap().pop().expect("no job waits")
    }

    /// Reports how far a job is.
    pub(crate) async fn report(&self, claimed: &Claimed, done: u64) -> Pulse {
        let progress = Progress { done, text: "Hel".into(), ..Progress::default() }.encode_to_vec();
        let beat = Beat { ticket: claimed.ticket.clone(), progress: Some(progress) };
        self.queue.beat(vec![beat], LEASE).await.unwrap()[0]
    }

    pub(crate) async fn end(&self, claimed: Claimed, outcome: Outcome) {
        let finish = Finish { ticket: claimed.ticket, outcome };
        let receipt = self.queue.finish(vec![finish]).await.pop().unwrap().unwrap();
        assert_eq!(receipt, Receipt::Accepted);
    }

    pub(crate) async fn fail(&self, why: &str) {
        let claimed = self.claim().await;
        self.end(claimed, Outcome::Failed { error: why.into(), retry: false }).await;
    }

    /// Does the job that waits: writes artifacts, ends the run and publishes.
    pub(crate) async fn finish(&self, made: &[(&str, &str, &'static str)]) -> Manifest {
        let manifest = self.finish_and_die(made).await;
        self.shelf.publish(&manifest).await.unwrap();
        manifest
    }

    /// The same by a worker that is lost before it publishes.
    pub(crate) async fn finish_and_die(&self, made: &[(&str, &str, &'static str)]) -> Manifest {
        let claimed = self.claim().await;
        let (job, fence) = (claimed.ticket.id.to_string(), claimed.ticket.fence);
        let mut artifacts = Vec::new();
        for (name, content_type, bytes) in made {
            let name = ArtifactName::new(*name).unwrap();
            let key = artifact_key(&job, fence, &name).unwrap();
            let options = PutOptions::if_absent().with(Attributes::content_type(*content_type));
            let stored = self.shelf.objects().put(&key, (*bytes).into(), options).await.unwrap();
            let (content_type, etag) = ((*content_type).to_owned(), stored.etag.as_str().to_owned());
            artifacts.push(Artifact { name, content_type, bytes: stored.size, etag });
        }
        let published = claimed.headers.get(artifacts::PUBLISHED_HEADER).is_some_and(|word| word == "true");
        let owner = claimed.tenant.to_string();
        let manifest = Manifest { job, owner, published, fence, artifacts };
        self.end(claimed, Outcome::Done { result: manifest.to_bytes().unwrap() }).await;
        manifest
    }
}
