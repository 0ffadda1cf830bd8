//! What runs kept for each other, of jobs that nobody goes on with.
//!
//! A run removes its scratch when it ends well or is cancelled. What is left is of jobs that were cancelled while they
//! waited, or whose worker died at the wrong moment.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use artifacts::scratch_prefix;
use jobs::{JobId, JobsError, Queue, State};
use objects::{ListOptions, Objects};

use crate::WorkerError;

const ALL: &str = "scratch/";
/// What belongs to no job of this queue may be another queue's in the same bucket, so it has to be this old.
const ABANDONED: Duration = Duration::from_hours(24 * 7);

/// Removes the scratch of jobs that have ended; how many jobs that were.
pub(crate) async fn clear(queue: &Arc<dyn Queue>, objects: &dyn Objects) -> Result<u64, WorkerError> {
    let mut options = ListOptions { by_folder: true, ..ListOptions::prefix(ALL) };
    let mut cleared = 0;
    loop {
        let page = objects.list(options.clone()).await?;
        for folder in &page.folders {
            let job = folder.trim_start_matches(ALL).trim_end_matches('/');
            if is_over(queue, objects, job).await? {
                remove(objects, job).await?;
                cleared += 1;
            }
        }
        options.page_token = page.next;
        if options.page_token.is_none() {
            return Ok(cleared);
        }
    }
}

/// Whether nobody will go on with a job. A dead one may be requeued, and then goes on where it was.
async fn is_over(queue: &Arc<dyn Queue>, objects: &dyn Objects, job: &str) -> Result<bool, WorkerError> {
    let Ok(id) = job.parse::<JobId>() else { return Ok(false) };
    match queue.get(id).await {
        Ok(job) => Ok(matches!(job.state, State::Done | State::Cancelled | State::Expired)),
        Err(JobsError::NotFound { .. }) => is_abandoned(objects, job).await,
        Err(error) => Err(error.into()),
    }
}

async fn is_abandoned(objects: &dyn Objects, job: &str) -> Result<bool, WorkerError> {
    let newest = objects.list(ListOptions::prefix(scratch_prefix(job)?)).await?;
    let newest = newest.items.into_iter().map(|listed| listed.modified).max();
    let age = |time| SystemTime::now().duration_since(time).unwrap_or_default();
    Ok(newest.is_some_and(|time| age(time) > ABANDONED))
}

/// Removes everything that runs of a job kept.
pub(crate) async fn remove(objects: &dyn Objects, job: &str) -> Result<(), WorkerError> {
    loop {
        let page = objects.list(ListOptions::prefix(scratch_prefix(job)?)).await?;
        let keys: Vec<_> = page.items.into_iter().map(|listed| listed.key).collect();
        objects.delete_many(&keys).await?;
        if page.next.is_none() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use jobs::{JobId, MemoryQueue, Name, NewJob, Payload, Policies, Queue};
    use objects::{Folder, Key, ListOptions, Objects, PutOptions};
    use uuid::Uuid;

    use super::{ALL, clear};

    #[tokio::test]
    async fn the_scratch_of_a_cancelled_job_is_removed_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Folder::open(folder.path()).await.unwrap();
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::new(Policies::default()));
        let name = |text| Name::new("name", text).unwrap();
        let job = || NewJob::new(name("batch"), name("tenant"), Payload::Inline(Vec::new()));
        let mut ids = Vec::new();
        for entered in queue.enqueue(vec![job(), job()]).await {
            ids.push(entered.unwrap().id);
        }
        let stranger: JobId = format!("{}00", Uuid::now_v7().simple()).parse().unwrap();
        for id in ids.iter().chain([&stranger]) {
            let key = Key::new(format!("{ALL}{id}/1/0-10-0")).unwrap();
            objects.put(&key, Bytes::from_static(b"x"), PutOptions::default()).await.unwrap();
        }
        queue.cancel(ids[0]).await.unwrap();

        assert_eq!(clear(&queue, &objects).await.unwrap(), 1);
        let left = objects.list(ListOptions::prefix(ALL)).await.unwrap().items;
        let left: Vec<_> = left.iter().map(|listed| listed.key.as_str().to_owned()).collect();
        let mut expected: Vec<_> =
            [ids[1], stranger].iter().map(|id| format!("{ALL}{id}/1/0-10-0")).collect();
        expected.sort_unstable();
        assert_eq!(left, expected);
    }
}
