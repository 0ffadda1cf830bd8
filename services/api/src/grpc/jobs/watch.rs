//! A job, followed to its end.

use std::{collections::VecDeque, time::Duration};

use futures::{FutureExt, Stream, future::BoxFuture, stream};
use jobs::{JobId, Name};
use proto::jobs::v1 as wire;
use runtime::Life;
use tonic::Status;

use crate::{
    ApiError, convert,
    desk::{Desk, Seen},
};

/// How long the queue is asked to wait for news. Only bounds how long a question outlives a caller who went away.
const PATIENCE: Duration = Duration::from_secs(20);

/// A watch under way.
pub(super) struct Watch {
    desk: Desk,
    owner: Name,
    id: JobId,
    /// What the job is to do, read once.
    work: Option<Vec<u8>>,
    /// The last event that was told.
    after: u64,
    /// What is to be told next.
    next: VecDeque<wire::WatchJobResponse>,
    ended: bool,
    draining: BoxFuture<'static, ()>,
}

impl Watch {
    /// A watch of a job that its owner was let see. It ends early, with an error, when `life` drains.
    pub(super) fn new(desk: Desk, owner: Name, seen: Seen, after: u64, life: &Life) -> Self {
        let draining = life.draining().boxed();
        let Seen { job, work, .. } = seen;
        Self { desk, owner, id: job.id, work, after, next: VecDeque::new(), ended: false, draining }
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<wire::WatchJobResponse, Status>> + Send {
        stream::unfold(self, |mut watch| async move { Some((watch.next().await?, watch)) })
    }

    async fn next(&mut self) -> Option<Result<wire::WatchJobResponse, Status>> {
        loop {
            if let Some(told) = self.next.pop_front() {
                return Some(Ok(told));
            }
            if self.ended {
                return None;
            }
            if let Err(problem) = self.look().await {
                self.ended = true;
                return Some(Err(rpc::status(problem)));
            }
        }
    }

    /// Waits for news a while.
    async fn look(&mut self) -> Result<(), ApiError> {
        let news = tokio::select! {
            biased;
            () = &mut self.draining => return Err(ApiError::Draining),
            news = self.desk.events(self.id, self.after, PATIENCE) => news?,
        };
        let known = news.events.last().map_or(self.after.saturating_add(news.missed), |event| event.sequence);
        let now = if news.missed > 0 || news.events.iter().any(convert::tells_of_job) {
            let now = self.desk.glance(&self.owner, self.id).await?;
            Some(convert::job(&Seen { work: self.work.clone(), ..now }))
        } else {
            None
        };
        if news.missed > 0 {
            self.next.extend(convert::missed(&news, known, now.as_ref()));
        }
        self.next.extend(news.events.into_iter().map(|event| convert::event(event, now.as_ref())));
        self.after = known;
        self.ended = news.is_end;
        Ok(())
    }
}
