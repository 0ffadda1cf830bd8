//! One run, from its claim to its end.

use std::{sync::Arc, time::Duration};

use artifacts::{ArtifactsError, Manifest, PUBLISHED_HEADER, Shelf, artifact_key};
use bytes::Bytes;
use fault::{Chain, Fault};
use jobs::{
    Beat, Claimed, Ended, Finish, Heart, JobsError, Metrics, Outcome, Payload, Queue, Receipt, Seat, Ticket,
    Timing,
};
use objects::{GetOptions, Key};
use rpc::CallContext;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, error, info, info_span, warn};

use crate::{WorkerError, assignment::Assignment, handlers::Handlers};

/// The largest request that a handler is given.
const LARGEST_PAYLOAD: u64 = 4 * 1024 * 1024;
/// How long a run's end is told again while the queue is away. Shorter than a lease, which is what remains of it.
const TELLING: Duration = Duration::from_secs(25);
const AGAIN: Duration = Duration::from_secs(1);
/// How often publishing is tried. After that api does it, when the job is looked at.
const PUBLISHING: u32 = 5;

/// What every run of a worker shares.
pub(crate) struct Shop {
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) heart: Heart,
    pub(crate) shelf: Shelf,
    pub(crate) handlers: Handlers,
    pub(crate) metrics: Metrics,
}

/// What a handler is to do.
#[derive(Clone, Copy)]
struct Task<'a> {
    ticket: &'a Ticket,
    payload: &'a Payload,
    assignment: &'a Assignment,
    /// How long the job had waited when it was claimed.
    waited: Duration,
}

/// How a run came to its end.
enum End {
    Done(Manifest),
    Failed(WorkerError),
    Cancelled,
    /// Somebody else has the job, or may have it.
    Lost,
    /// The worker is going away, or has no room after all.
    Stopped,
}

/// What a run begins with.
pub(crate) struct Terms {
    /// When its claim was sent.
    pub(crate) since: Instant,
    /// Where it waits for its turn.
    pub(crate) seat: Seat,
    /// Ends what still runs at a drain.
    pub(crate) stop: CancellationToken,
}

impl Shop {
    /// Sees a claimed job through.
    pub(crate) async fn run(self: Arc<Self>, claimed: Claimed, terms: Terms) {
        let span = info_span!(
            "job",
            otel.name = %claimed.ticket.kind,
            otel.kind = "consumer",
            job = %claimed.ticket.id,
            kind = %claimed.ticket.kind,
            attempt = claimed.ticket.attempt,
            fence = claimed.ticket.fence,
            req_id = tracing::field::Empty,
            principal = tracing::field::Empty,
            otel.status_code = tracing::field::Empty,
        );
        let context = CallContext::from_words(&claimed.headers, &span);
        if let Some(id) = &context.request_id {
            span.record("req_id", id.as_str());
        }
        if let Some(principal) = &context.principal {
            span.record("principal", principal.as_str());
        }
        self.run_in(claimed, context, terms).instrument(span).await;
    }

    async fn run_in(&self, claimed: Claimed, context: CallContext, terms: Terms) {
        let published = claimed.headers.get(PUBLISHED_HEADER).is_some_and(|word| word == "true");
        let Claimed { ticket, tenant, payload, waited, .. } = claimed;
        let assignment = Assignment::new(
            ticket.id.to_string(),
            ticket.fence,
            tenant.to_string(),
            context,
            self.shelf.clone(),
        );
        let task = Task { ticket: &ticket, payload: &payload, assignment: &assignment, waited };
        let end = self.work(task, terms).await;
        if matches!(end, End::Done(_)) {
            self.tell_last_news(&ticket, &assignment).await;
        }
        let end = match end {
            End::Done(manifest) => End::Done(Manifest { published, ..manifest }),
            other => other,
        };
        self.close(ticket, payload, &assignment, end).await;
    }

    /// Runs the handler until it ends or has to stop. Its lease is kept until then, and no longer.
    async fn work(&self, task: Task<'_>, terms: Terms) -> End {
        let Terms { since, seat, stop } = terms;
        let mut held = self.heart.hold(task.ticket, since);
        let mut news = task.assignment.news();
        let mut handling = std::pin::pin!(seat.run(self.begin(task, since)));
        loop {
            tokio::select! {
                biased;
                ended = held.ended() => return match ended {
                    Ended::Cancelled => End::Cancelled,
                    Ended::Lost => End::Lost,
                },
                () = stop.cancelled() => return End::Stopped,
                outcome = &mut handling => return match outcome {
                    Some(Ok(())) => End::Done(task.assignment.manifest(false)),
                    Some(Err(error)) => End::Failed(error),
                    None => End::Stopped,
                },
                // The sender lives in the assignment.
                Ok(()) = news.changed() => held.progress(news.borrow_and_update().clone()),
            }
        }
    }

    /// Runs the handler, now that there is a seat.
    async fn begin(&self, task: Task<'_>, since: Instant) -> Result<(), WorkerError> {
        let kind = &task.ticket.kind;
        self.metrics.picked_up(kind, task.waited + since.elapsed());
        let _timed = self.metrics.run(kind, rpc::kept_trace());
        self.handle(task).await
    }

    /// The newest report, which the heart may not have sent yet: who looks at a done job sees all of it done.
    async fn tell_last_news(&self, ticket: &Ticket, assignment: &Assignment) {
        let news = assignment.news().borrow().clone();
        if news.is_empty() {
            return;
        }
        let beat = Beat { ticket: ticket.clone(), progress: Some(news) };
        if let Err(problem) = self.queue.beat(vec![beat], Timing::default().lease).await {
            debug!("the last report cannot be told: {}", Chain(&problem));
        }
    }

    async fn handle(&self, task: Task<'_>) -> Result<(), WorkerError> {
        let payload = match task.payload {
            Payload::Inline(bytes) => Bytes::copy_from_slice(bytes),
            Payload::Reference(key) => {
                let object = self.shelf.objects().get(&Key::new(key)?, GetOptions::default()).await?;
                object.bytes(LARGEST_PAYLOAD).await?
            }
        };
        let kind = &task.ticket.kind;
        match self.handlers.run(kind.as_str(), payload, task.assignment) {
            Some(handling) => handling.await,
            None => Err(WorkerError::Input(format!("no worker knows the kind `{kind}`"))),
        }
    }

    /// Tells the queue, and tidies up by its answer.
    async fn close(&self, ticket: Ticket, payload: Payload, assignment: &Assignment, end: End) {
        let outcome = match &end {
            End::Done(manifest) => match manifest.to_bytes() {
                Ok(result) => Outcome::Done { result },
                Err(error) => failed(&error.into()),
            },
            End::Failed(error) => failed(error),
            End::Cancelled => Outcome::Cancelled,
            End::Lost => {
                warn!("the lease was lost: what was made is thrown away");
                return self.throw_away(assignment).await;
            }
            End::Stopped => {
                self.give_back(ticket).await;
                return self.throw_away(assignment).await;
            }
        };
        match (self.tell(ticket, outcome).await, end) {
            (Some(Receipt::Accepted | Receipt::Repeated), End::Done(manifest)) => {
                info!(artifacts = manifest.artifacts.len(), "job done");
                // Of a kind that makes nothing there is nothing to find.
                if !manifest.artifacts.is_empty() {
                    self.publish(&manifest).await;
                }
                self.tidy(&payload, assignment).await;
            }
            (Some(Receipt::Rejected), _) => {
                warn!("the queue has given the job to another run: what was made is thrown away");
                self.throw_away(assignment).await;
            }
            // Nobody goes on with it.
            (Some(_), End::Cancelled) => {
                self.throw_away(assignment).await;
                self.tidy(&payload, assignment).await;
            }
            // The lease ends, and the job runs again: under another fence.
            (None, _) => {}
            (Some(_), _) => self.throw_away(assignment).await,
        }
    }

    /// Tells how a run ended, again and again while the queue is away and the lease may hold.
    async fn tell(&self, ticket: Ticket, outcome: Outcome) -> Option<Receipt> {
        let until = Instant::now() + TELLING;
        loop {
            let finish = Finish { ticket: ticket.clone(), outcome: outcome.clone() };
            match self.queue.finish(vec![finish]).await.pop() {
                Some(Ok(receipt)) => return Some(receipt),
                Some(Err(problem)) if is_away(&problem) && Instant::now() < until => sleep(AGAIN).await,
                Some(Err(problem)) => {
                    error!("the end of the run cannot be told: {}", Chain(&problem));
                    return None;
                }
                None => return None,
            }
        }
    }

    async fn give_back(&self, ticket: Ticket) {
        match self.queue.release(vec![ticket]).await {
            Ok(_) => info!("given back: this worker is going away, or has no room after all"),
            Err(problem) => warn!("cannot give the job back, its lease will end: {}", Chain(&problem)),
        }
    }

    async fn publish(&self, manifest: &Manifest) {
        for _ in 0..PUBLISHING {
            match self.shelf.publish(manifest).await {
                Ok(()) => return,
                Err(problem @ ArtifactsError::PublishedByAnother { .. }) => {
                    error!(
                        "the queue believes this run, and another one's artifacts are published: {}",
                        Chain(&problem)
                    );
                    return;
                }
                Err(problem) => {
                    warn!("cannot publish the artifacts: {}", Chain(&problem));
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Removes what only runs of this job needed.
    async fn tidy(&self, payload: &Payload, assignment: &Assignment) {
        let reference = match payload {
            Payload::Reference(key) => Key::new(key).ok(),
            Payload::Inline(_) => None,
        };
        let removed = async {
            if let Some(key) = reference {
                self.shelf.objects().delete(&key, None).await?;
            }
            assignment.clear_scratch().await
        };
        if let Err(problem) = removed.await {
            debug!("something is left for the lifecycle rule: {}", Chain(&problem));
        }
    }

    /// Removes the artifacts of a run that does not count.
    async fn throw_away(&self, assignment: &Assignment) {
        let made = assignment.made();
        let keys = made
            .iter()
            .filter_map(|artifact| artifact_key(&assignment.job, assignment.fence, &artifact.name).ok());
        let keys: Vec<_> = keys.collect();
        if let Err(problem) = self.shelf.objects().delete_many(&keys).await {
            debug!("something is left for the lifecycle rule: {}", Chain(&problem));
        }
    }
}

fn failed(problem: &WorkerError) -> Outcome {
    Span::current().record("otel.status_code", "ERROR");
    warn!(reason = problem.kind().reason(), "the run failed: {}", Chain(problem));
    let error = problem.public_message().into_owned();
    match problem.rest() {
        Some(pause) => Outcome::Postponed { error, pause },
        None => Outcome::Failed { error, retry: problem.may_pass() },
    }
}

/// Whether the queue may answer later what it did not now.
fn is_away(problem: &JobsError) -> bool {
    problem.kind() == fault::Kind::Unavailable
}
