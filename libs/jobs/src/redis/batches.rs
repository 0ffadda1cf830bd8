//! What is called one by one and sent together: enqueueing, and the ends of runs.

use std::{collections::BTreeMap, sync::Arc};

use deadpool_redis::redis::{Cmd, Value};
use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};

use super::{reply, server::Server};
use crate::{
    Enqueued, Finish, JobId, JobsError, NewJob, Outcome, Policies, Receipt, claim::cut, coalesce::Coalescer,
    limits::RETRY_AFTER, wire::encode_body,
};

/// Items of one script call: enough to make its fixed cost small, few enough that nobody else waits a millisecond.
const ROUND: usize = 64;

type Entered = Result<Enqueued, JobsError>;
type Ended = Result<Receipt, JobsError>;

/// The doors of every shard.
pub(super) struct Batches {
    server: Arc<Server>,
    policies: Policies,
    enqueue: Vec<Coalescer<(JobId, NewJob), Entered>>,
    finish: Vec<Coalescer<Finish, Ended>>,
}

impl Batches {
    pub(super) fn new(server: Arc<Server>, policies: Policies) -> Self {
        let shards = 0..server.shards();
        Self {
            enqueue: shards.clone().map(|_| Coalescer::new(ROUND)).collect(),
            finish: shards.map(|_| Coalescer::new(ROUND)).collect(),
            server,
            policies,
        }
    }

    pub(super) async fn enqueue(&self, jobs: Vec<NewJob>) -> Vec<Entered> {
        let sort = |job: NewJob| {
            job.check()?;
            let shard = self.server.shard_of(&job.tenant);
            Ok((shard, (JobId::new(job.unique, shard), job)))
        };
        by_shard(jobs.into_iter().map(sort), |shard, jobs| {
            let server = Arc::clone(&self.server);
            self.enqueue[usize::from(shard)]
                .call(jobs, move |calls| enqueue_round(Arc::clone(&server), shard, calls))
                .boxed()
        })
        .await
    }

    pub(super) async fn finish(&self, runs: Vec<Finish>) -> Vec<Ended> {
        let sort = |run: Finish| {
            run.check()?;
            let shard = run.ticket.id.shard();
            if u16::from(shard) >= self.server.shards() {
                return Err(JobsError::invalid("job", "expected the name of a job of this queue"));
            }
            Ok((shard, run))
        };
        by_shard(runs.into_iter().map(sort), |shard, runs| {
            let (server, policies) = (Arc::clone(&self.server), self.policies.clone());
            self.finish[usize::from(shard)]
                .call(runs, move |calls| finish_round(Arc::clone(&server), policies.clone(), shard, calls))
                .boxed()
        })
        .await
    }
}

/// Sends the sound items to their shards, all at once, and puts the answers back in order.
async fn by_shard<'a, I, O: Clone>(
    items: impl Iterator<Item = Result<(u8, I), JobsError>>,
    send: impl Fn(u8, Vec<I>) -> BoxFuture<'a, Vec<Result<O, JobsError>>>,
) -> Vec<Result<O, JobsError>> {
    let mut answers = Vec::new();
    let mut shards: BTreeMap<u8, (Vec<usize>, Vec<I>)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        match item {
            Ok((shard, item)) => {
                let (places, items) = shards.entry(shard).or_default();
                places.push(place);
                items.push(item);
                answers.push(Err(JobsError::Corrupt { what: "an answer" }));
            }
            Err(wrong) => answers.push(Err(wrong)),
        }
    }
    let sent = shards.into_iter().map(|(shard, (places, items))| {
        let answer = send(shard, items);
        async move { (places, answer.await) }
    });
    for (places, found) in join_all(sent).await {
        for (place, answer) in places.into_iter().zip(found) {
            answers[place] = answer;
        }
    }
    answers
}

fn enqueue_round(
    server: Arc<Server>,
    shard: u8,
    calls: Vec<Arc<[(JobId, NewJob)]>>,
) -> BoxFuture<'static, Vec<Entered>> {
    async move {
        let jobs: Vec<_> = calls.iter().flat_map(|call| call.iter()).collect();
        let mut answers = Vec::with_capacity(jobs.len());
        for part in jobs.chunks(ROUND) {
            let sent = server.run(&server.scripts.enqueue, shard, |command| {
                put_jobs(command, part);
            });
            let read = sent.await.and_then(|value| reply::array(value, "the answer to an enqueue"));
            answers.extend(
                spread(read, part.len()).zip(part).map(|(answer, (id, job))| {
                    answer.and_then(|answer| read_entered(answer, *id, job, shard))
                }),
            );
        }
        answers
    }
    .boxed()
}

fn put_jobs(command: &mut Cmd, jobs: &[&(JobId, NewJob)]) {
    // No schedule, no tick, no next tick.
    command.arg("").arg("").arg("");
    for (id, job) in jobs {
        put_job(command, *id, job);
    }
}

/// The arguments of one job.
pub(super) fn put_job(command: &mut Cmd, id: JobId, job: &NewJob) {
    let (key, fingerprint): (&str, &[u8]) =
        job.idempotency.as_ref().map_or(("", &[]), |twin| (&twin.key, &twin.fingerprint));
    command.arg(id.stored()).arg(job.kind.as_str()).arg(job.tenant.as_str()).arg(job.priority.word());
    command.arg(job.delay.as_millis() as u64);
    match job.expires_after {
        Some(time) => command.arg(time.as_millis() as u64),
        None => command.arg(""),
    };
    command.arg(key).arg(fingerprint).arg(encode_body(&job.payload, &job.headers));
    match &job.sequel {
        Some(sequel) => command.arg([sequel.kind.as_str().as_bytes(), b" ", &sequel.encode()].concat()),
        None => command.arg(""),
    };
}

pub(super) fn read_entered(answer: Value, id: JobId, job: &NewJob, shard: u8) -> Entered {
    if matches!(answer, Value::BulkString(_)) {
        return Ok(Enqueued { id, is_new: true });
    }
    let what = "the answer to an enqueue";
    let [why, detail] = reply::parts(answer, what)?;
    match reply::text(why, what)?.as_str() {
        "same" => Ok(Enqueued { id: reply::id(detail, shard)?, is_new: false }),
        "conflict" => {
            let key = job.idempotency.as_ref().map(|twin| twin.key.clone()).unwrap_or_default();
            Err(JobsError::KeyConflict { key })
        }
        _ => {
            let whose = if reply::text(detail, what)? == "queue" { "the queue" } else { "the tenant" };
            Err(JobsError::QueueFull { whose, retry_after: RETRY_AFTER })
        }
    }
}

fn finish_round(
    server: Arc<Server>,
    policies: Policies,
    shard: u8,
    calls: Vec<Arc<[Finish]>>,
) -> BoxFuture<'static, Vec<Ended>> {
    async move {
        let runs: Vec<_> = calls.iter().flat_map(|call| call.iter()).collect();
        let mut answers = Vec::with_capacity(runs.len());
        for part in runs.chunks(ROUND) {
            // Drawn once, so that a repeated call says the same.
            let ends: Vec<_> = part.iter().map(|run| end(run, &policies)).collect();
            let sent = server.run(&server.scripts.finish, shard, |command| {
                part.iter().zip(&ends).for_each(|(run, end)| put_end(command, run, *end));
            });
            let read = sent.await.and_then(|value| reply::array(value, "the answer to a finish"));
            answers.extend(spread(read, part.len()).map(|answer| receipt(&answer?)));
        }
        answers
    }
    .boxed()
}

/// What the script is told: what happened, the pause before a retry, and the bytes to keep.
type End<'a> = (&'static str, u64, &'a [u8]);

fn put_end(command: &mut Cmd, run: &Finish, (what, pause, data): End<'_>) {
    command.arg(run.ticket.id.stored()).arg(run.ticket.fence).arg(what).arg(pause).arg(data);
}

fn end<'a>(run: &'a Finish, policies: &Policies) -> End<'a> {
    match &run.outcome {
        Outcome::Done { result } => ("done", 0, result),
        Outcome::Cancelled => ("cancelled", 0, b"cancelled"),
        Outcome::Failed { error, .. } | Outcome::Postponed { error, .. } => {
            let pause = run.outcome.pause(policies.of(&run.ticket.kind), run.ticket.attempt);
            let what = if pause.is_some() { "retry" } else { "dead" };
            (what, pause.unwrap_or_default().as_millis() as u64, cut(error).as_bytes())
        }
    }
}

pub(super) fn receipt(answer: &Value) -> Result<Receipt, JobsError> {
    match reply::number(answer, "a receipt")? {
        1 => Ok(Receipt::Accepted),
        2 => Ok(Receipt::Repeated),
        _ => Ok(Receipt::Rejected),
    }
}

/// One answer for each item: the server's, or for all of them the error that there was instead.
fn spread(
    read: Result<Vec<Value>, JobsError>,
    count: usize,
) -> impl Iterator<Item = Result<Value, JobsError>> {
    let (values, error) = match read {
        Ok(values) => (values, JobsError::Corrupt { what: "the answers of a script" }),
        Err(error) => (Vec::new(), error),
    };
    let missing = count.saturating_sub(values.len());
    values.into_iter().map(Ok).chain(std::iter::repeat_n(Err(error), missing))
}
