//! One owner's jobs.
//!
//! The queue knows jobs of everybody; whoever asks here for another's is told what he would be told of one that never
//! was. Nothing here knows a message of the contract.

use std::{sync::Arc, time::Duration};

use artifacts::{Manifest, PUBLISHED_HEADER, Shelf, payload_key};
use contract::Invalid;
use fault::Chain;
use jiff::Timestamp;
use jobs::{
    Events, Filter, Idempotency, Job, JobId, JobsError, Name, NewJob, Payload, Priority, Queue, Sequel, State,
};
use objects::{GetOptions, Key, ObjectsError, PutOptions};
use rpc::CallContext;
use uuid::Uuid;

use crate::{ApiError, Backends, results::Results, seal::Seal};

/// The largest request that lies in the queue itself; more is an object.
const INLINE: usize = 64 * 1024;
/// More than any request that was taken in.
const LARGEST: u64 = 2 * 1024 * 1024;

/// The jobs of a queue. Clones are the same.
#[derive(Clone)]
pub(crate) struct Desk {
    queue: Arc<dyn Queue>,
    results: Option<Results>,
    seal: Arc<Seal>,
}

/// A job that is asked for.
pub(crate) struct Draft {
    pub(crate) kind: Name,
    /// What to do, as bytes.
    pub(crate) work: Vec<u8>,
    pub(crate) published: bool,
    pub(crate) priority: Priority,
    pub(crate) delay: Duration,
    pub(crate) expires_after: Option<Duration>,
    pub(crate) idempotency: Option<Idempotency>,
    /// What is to follow its end, still without the words of the call.
    pub(crate) sequel: Option<Sequel>,
}

/// Which jobs to list.
pub(crate) struct Query {
    pub(crate) state: Option<State>,
    pub(crate) kind: Option<Name>,
    /// Whether those are left out that follow others.
    pub(crate) originals: bool,
    pub(crate) size: u32,
    pub(crate) token: Option<String>,
}

/// A job, and what belongs to it elsewhere.
pub(crate) struct Seen {
    pub(crate) job: Job,
    /// What it is to do, where that is still known.
    pub(crate) work: Option<Vec<u8>>,
    /// What it made.
    pub(crate) made: Option<Manifest>,
}

impl Desk {
    /// The desk of these backends; `None` where there is no queue.
    pub(crate) fn of(backends: &Backends, seal: Seal) -> Option<Self> {
        let queue = backends.queue.clone()?;
        Some(Self { queue, results: Results::of(backends), seal: Arc::new(seal) })
    }

    /// Takes a job in, or finds the one that this very request made before.
    pub(crate) async fn create(
        &self,
        owner: &Name,
        draft: Draft,
        context: CallContext,
    ) -> Result<Seen, ApiError> {
        let unique = Uuid::now_v7();
        let (payload, stored) = self.payload(unique, draft.work.clone()).await?;
        let mut job = NewJob::new(draft.kind, owner.clone(), payload);
        job.unique = unique;
        job.priority = draft.priority;
        job.delay = draft.delay;
        job.expires_after = draft.expires_after;
        job.idempotency = draft.idempotency;
        // What follows is told in the owner's name, which takes none of the key's grants.
        let words = CallContext { grants: None, ..context.clone() }.into_words();
        job.sequel = draft.sequel.map(|sequel| Sequel { headers: words, ..sequel });
        job.headers = context.into_words();
        job.headers.insert(PUBLISHED_HEADER.to_owned(), draft.published.to_string());
        let answer = self.queue.enqueue(vec![job.clone()]).await.pop();
        let lost = || JobsError::Corrupt { what: "the answer to a new job" };
        let answer = answer.unwrap_or_else(|| Err(lost()));
        if let Some(key) = stored.filter(|_| is_of_no_use(&answer, unique)) {
            self.remove(&key).await;
        }
        let id = answer?.id;
        match self.get(owner, id).await {
            Ok(seen) => Ok(seen),
            // It is in the queue, so its name must reach whoever asked for it.
            Err(problem) => {
                tracing::debug!(job = %id, "a new job cannot be looked at: {}", Chain(&problem));
                Ok(Seen { job: fresh(id, job), work: Some(draft.work), made: None })
            }
        }
    }

    /// The job as it stands.
    pub(crate) async fn get(&self, owner: &Name, id: JobId) -> Result<Seen, ApiError> {
        let job = self.owned(owner, id).await?;
        let work = match &job.payload {
            Some(Payload::Inline(bytes)) => Some(bytes.clone()),
            Some(Payload::Reference(key)) => self.fetch(key).await,
            None => None,
        };
        let made = match &self.results {
            Some(results) => results.settled(&job).await,
            None => Results::told(&job),
        };
        Ok(Seen { job, work, made })
    }

    /// The job as it stands, without what it is to do, which does not change.
    pub(crate) async fn glance(&self, owner: &Name, id: JobId) -> Result<Seen, ApiError> {
        let job = self.owned(owner, id).await?;
        let made = match &self.results {
            Some(results) if job.state == State::Done => results.settled(&job).await,
            _ => Results::told(&job),
        };
        Ok(Seen { job, work: None, made })
    }

    /// A page of jobs, with what the queue alone knows of them, and the token of the next one.
    pub(crate) async fn list(
        &self,
        owner: &Name,
        query: Query,
    ) -> Result<(Vec<Seen>, Option<String>), ApiError> {
        let Query { state, kind, originals, size, token } = query;
        let filter = Filter { tenant: Some(owner.clone()), state, kind, originals };
        // A place in one list is none in another, nor for anybody else.
        let list = format!("{owner} {:?} {:?} {originals}", filter.state, filter.kind);
        let place = match &token {
            Some(token) => Some(self.seal.open(&list, token).ok_or_else(not_ours)?),
            None => None,
        };
        let page = self.queue.list(&filter, size, place.as_deref()).await?;
        let seen = page.jobs.into_iter().map(|job| Seen { made: Results::told(&job), work: None, job });
        Ok((seen.collect(), page.next.and_then(|next| self.seal.close(&list, &next))))
    }

    /// Stops a job, if it has not ended.
    pub(crate) async fn cancel(&self, owner: &Name, id: JobId) -> Result<Seen, ApiError> {
        self.owned(owner, id).await?;
        self.queue.cancel(id).await?;
        self.get(owner, id).await
    }

    /// Puts a dead job in line again.
    pub(crate) async fn requeue(&self, owner: &Name, id: JobId) -> Result<Seen, ApiError> {
        self.owned(owner, id).await?;
        self.queue.requeue(id).await?;
        self.get(owner, id).await
    }

    /// Forgets a job that has ended, and what it was to do.
    pub(crate) async fn delete(&self, owner: &Name, id: JobId) -> Result<(), ApiError> {
        let job = self.owned(owner, id).await?;
        // The record is what a lost manifest would be made of again.
        if let Some(results) = &self.results {
            results.settled(&job).await;
        }
        self.queue.delete(id).await?;
        if let Some(Payload::Reference(key)) = job.payload
            && let Ok(key) = Key::new(key)
        {
            self.remove(&key).await;
        }
        Ok(())
    }

    /// What happened to a job of somebody who was let see it, after an event.
    pub(crate) async fn events(&self, id: JobId, after: u64, most: Duration) -> Result<Events, ApiError> {
        Ok(self.queue.events(id, after, most).await?)
    }

    async fn owned(&self, owner: &Name, id: JobId) -> Result<Job, JobsError> {
        let job = self.queue.get(id).await?;
        if job.tenant == *owner { Ok(job) } else { Err(JobsError::NotFound { id }) }
    }

    fn shelf(&self) -> Option<&Shelf> {
        self.results.as_ref().map(Results::shelf)
    }

    /// What the queue is given: the request itself, or the key of an object that holds it.
    async fn payload(&self, unique: Uuid, work: Vec<u8>) -> Result<(Payload, Option<Key>), ApiError> {
        if work.len() <= INLINE {
            return Ok((Payload::Inline(work), None));
        }
        let shelf = self.shelf().ok_or(ApiError::NoObjects)?;
        let key = payload_key(unique)?;
        shelf.objects().put(&key, work.into(), PutOptions::if_absent()).await?;
        Ok((Payload::Reference(key.as_str().to_owned()), Some(key)))
    }

    /// A large request. A job can be shown without it.
    async fn fetch(&self, key: &str) -> Option<Vec<u8>> {
        let read = async {
            let object = self.shelf()?.objects().get(&Key::new(key).ok()?, GetOptions::default()).await;
            Some(match object {
                Ok(object) => object.bytes(LARGEST).await,
                Err(problem) => Err(problem),
            })
        };
        match read.await? {
            Ok(bytes) => Some(bytes.into()),
            Err(ObjectsError::NotFound { .. }) => None,
            Err(problem) => {
                tracing::warn!("cannot show what a job is to do: {}", Chain(&problem));
                None
            }
        }
    }

    async fn remove(&self, key: &Key) {
        let Some(shelf) = self.shelf() else { return };
        if let Err(problem) = shelf.objects().delete(key, None).await {
            tracing::debug!("something is left for the lifecycle rule: {}", Chain(&problem));
        }
    }
}

fn not_ours() -> Invalid {
    Invalid::field(
        "page_token",
        "is not one that this list gave: start without one, and change nothing between pages",
    )
}

/// A job as it was taken in, by our own clock.
fn fresh(id: JobId, job: NewJob) -> Job {
    Job {
        id,
        kind: job.kind,
        tenant: job.tenant,
        priority: job.priority,
        state: if job.delay.is_zero() { State::Ready } else { State::Delayed },
        attempts: 0,
        recoveries: 0,
        cancel_requested: false,
        created: Timestamp::now(),
        began: None,
        ended: None,
        worker: None,
        progress: None,
        result: None,
        error: None,
        payload: Some(job.payload),
        headers: job.headers,
        sequel: job.sequel,
        origin: None,
    }
}

/// Whether no job will ever look at an object that was stored for it: the job was refused, or is another one. A queue
/// that could not be reached may have taken it in all the same.
fn is_of_no_use(answer: &Result<jobs::Enqueued, JobsError>, unique: Uuid) -> bool {
    match answer {
        Ok(enqueued) => !enqueued.id.to_string().starts_with(&unique.simple().to_string()),
        Err(problem) => !matches!(problem, JobsError::Redis { .. } | JobsError::Corrupt { .. }),
    }
}
