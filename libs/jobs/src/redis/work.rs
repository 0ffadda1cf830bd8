//! The worker's calls: claim, beat, release, and what every worker does now and then for all.

use std::{collections::BTreeMap, time::Duration};

use deadpool_redis::redis::{Cmd, Value};
use fault::{Chain, Fault, Kind};
use jiff::Timestamp;
use tracing::error;

use super::{RedisQueue, batches, reply, script::Script};
use crate::{
    Beat, ClaimRequest, Claimed, JobId, JobsError, Name, Origin, Pulse, Reaped, Receipt, Schedule, Swept,
    Ticket, wire::decode_body,
};

/// Runs of one beat or release call.
const ROUND: usize = 100;
/// How long a schedule that cannot be followed is left alone.
const SET_ASIDE: Duration = Duration::from_mins(1);

impl RedisQueue {
    pub(super) async fn claim_any(&self, mut request: ClaimRequest) -> Result<Vec<Claimed>, JobsError> {
        request.check()?;
        let mut claimed = Vec::new();
        for shard in self.shards() {
            request.kinds.retain(|(_, room)| *room > 0);
            if request.most == 0 || request.kinds.is_empty() {
                break;
            }
            let found = match self.claim_in(shard, &request).await {
                Ok(found) => found,
                // What other shards gave is ours already and must not be lost for this one's fault.
                Err(_elsewhere) if !claimed.is_empty() => break,
                Err(error) => return Err(error),
            };
            request.most -= found.len() as u32;
            for (kind, room) in &mut request.kinds {
                *room -= found.iter().filter(|job| job.ticket.kind == *kind).count() as u32;
            }
            claimed.extend(found);
        }
        Ok(claimed)
    }

    async fn claim_in(&self, shard: u8, request: &ClaimRequest) -> Result<Vec<Claimed>, JobsError> {
        // So that a second call is known to be the same, and gives what the first one took.
        let number = fastrand::u32(..);
        let repeated = self.server().repeats_calls();
        let answer = match self.send_claim(shard, request, number, repeated).await {
            Err(JobsError::Redis { .. }) => self.send_claim(shard, request, number, true).await?,
            answer => answer?,
        };
        let [now, jobs] = reply::parts(answer, CLAIMED)?;
        let now = reply::number(&now, CLAIMED)?;
        let jobs = reply::array(jobs, CLAIMED)?.into_iter();
        Ok(jobs.filter_map(|job| legible(job, shard, now)).collect())
    }

    async fn send_claim(
        &self,
        shard: u8,
        request: &ClaimRequest,
        number: u32,
        again: bool,
    ) -> Result<Value, JobsError> {
        let server = self.server();
        let put = |command: &mut Cmd| {
            command.arg(request.worker.as_str()).arg(request.lease.as_millis() as u64).arg(request.most);
            command.arg(number).arg(u8::from(again));
            for (kind, room) in &request.kinds {
                command.arg(kind.as_str()).arg(*room);
            }
        };
        server.run(&server.scripts.claim, shard, put).await
    }

    pub(super) async fn beat_all(&self, beats: Vec<Beat>, lease: Duration) -> Result<Vec<Pulse>, JobsError> {
        beats.iter().try_for_each(Beat::check)?;
        let lease = lease.as_millis() as u64;
        let put = |command: &mut Cmd, part: &[&Beat]| {
            command.arg(lease);
            for Beat { ticket, progress } in part {
                command.arg(ticket.id.stored()).arg(ticket.fence);
                command.arg(u8::from(progress.is_some())).arg(progress.as_deref().unwrap_or_default());
            }
        };
        let answers = self.say(&self.server().scripts.beat, &beats, |beat| &beat.ticket, put).await?;
        let pulse = |answer: Value| {
            Ok(match reply::number(&answer, "a pulse")? {
                1 => Pulse::Alive,
                2 => Pulse::Cancel,
                _ => Pulse::Lost,
            })
        };
        answers.into_iter().map(pulse).collect()
    }

    pub(super) async fn release_all(&self, tickets: Vec<Ticket>) -> Result<Vec<Receipt>, JobsError> {
        let put = |command: &mut Cmd, part: &[&Ticket]| {
            for ticket in part {
                command.arg(ticket.id.stored()).arg(ticket.fence);
            }
        };
        let answers = self.say(&self.server().scripts.release, &tickets, |ticket| ticket, put).await?;
        answers.iter().map(batches::receipt).collect()
    }

    /// Tells each shard what concerns it, in rounds, and gives one answer for each item in order.
    async fn say<T: Sync>(
        &self,
        script: &Script,
        items: &[T],
        ticket: fn(&T) -> &Ticket,
        put: impl Fn(&mut Cmd, &[&T]) + Send + Sync,
    ) -> Result<Vec<Value>, JobsError> {
        let mut answers = vec![Value::Nil; items.len()];
        let mut shards: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (place, item) in items.iter().enumerate() {
            shards.entry(ticket(item).id.shard()).or_default().push(place);
        }
        for (shard, places) in shards {
            for round in places.chunks(ROUND) {
                let part: Vec<_> = round.iter().map(|place| &items[*place]).collect();
                let answer = self.server().run(script, shard, |command| put(command, &part)).await?;
                let found = reply::array(answer, "the answers to a round")?;
                round.iter().zip(found).for_each(|(place, answer)| answers[*place] = answer);
            }
        }
        Ok(answers)
    }

    pub(super) async fn reap_shards(&self, most: u32) -> Result<Reaped, JobsError> {
        let what = "the answer to a reaping";
        let server = self.server();
        let mut sum = Reaped::default();
        for shard in self.shards() {
            let answer = server.run(&server.scripts.reap, shard, |command| {
                command.arg(most);
            });
            let [recovered, dead, cancelled] = reply::parts(answer.await?, what)?;
            sum.recovered += reply::tally(&recovered, what)?;
            sum.dead += reply::tally(&dead, what)?;
            sum.cancelled += reply::tally(&cancelled, what)?;
        }
        Ok(sum)
    }

    pub(super) async fn promote_shards(&self, most: u32) -> Result<u64, JobsError> {
        let server = self.server();
        let mut sum = 0;
        for shard in self.shards() {
            let answer = server.run(&server.scripts.promote, shard, |command| {
                command.arg(most);
            });
            sum += reply::tally(&answer.await?, "the answer to a promotion")?;
        }
        Ok(sum)
    }

    pub(super) async fn sweep_shards(&self, most: u32) -> Result<Swept, JobsError> {
        let what = "the answer to a sweep";
        let server = self.server();
        let mut sum = Swept::default();
        for shard in self.shards() {
            let answer = server.run(&server.scripts.sweep, shard, |command| {
                command.arg(most);
            });
            let [expired, removed, mended] = reply::parts(answer.await?, what)?;
            sum.expired += reply::tally(&expired, what)?;
            sum.removed += reply::tally(&removed, what)?;
            sum.mended += reply::tally(&mended, what)?;
        }
        Ok(sum)
    }

    pub(super) async fn tick_shards(&self) -> Result<Vec<JobId>, JobsError> {
        let what = "the schedules that are due";
        let server = self.server();
        let mut started = Vec::new();
        for shard in self.shards() {
            let answer = server.run(&server.scripts.schedules, shard, |command| {
                command.arg("due");
            });
            let mut due = reply::array(answer.await?, what)?.into_iter();
            let now = reply::number(&due.next().unwrap_or_default(), what)?;
            while let (Some(name), Some(tick), Some(text)) = (due.next(), due.next(), due.next()) {
                let (name, tick) = (reply::text(name, what)?, reply::number(&tick, what)?);
                let jobs = match Schedule::decode(&name, &reply::bytes(text, what)?) {
                    Ok(schedule) => self.start(shard, &schedule, tick, now).await,
                    Err(problem) => Err(problem),
                };
                match jobs {
                    Ok(jobs) => started.extend(jobs),
                    // With Redis away the others would fare no better.
                    Err(problem) if problem.kind() == Kind::Unavailable => return Err(problem),
                    Err(problem) => self.set_aside(shard, &name, [tick, now], &problem).await?,
                }
            }
        }
        Ok(started)
    }

    /// Has a schedule that cannot be followed wait, so that it holds up no other one and is told of once in a while.
    async fn set_aside(
        &self,
        shard: u8,
        name: &str,
        [tick, now]: [i64; 2],
        problem: &JobsError,
    ) -> Result<(), JobsError> {
        error!(schedule = name, "a schedule cannot be followed, put or delete it: {}", Chain(problem));
        let server = self.server();
        let moved = server.run(&server.scripts.enqueue, shard, |command| {
            command.arg(name).arg(tick).arg(now + SET_ASIDE.as_millis() as i64);
        });
        moved.await.map(drop)
    }

    /// Starts the jobs of one schedule, unless another worker was faster: the script compares the tick first.
    async fn start(
        &self,
        shard: u8,
        schedule: &Schedule,
        tick: i64,
        now: i64,
    ) -> Result<Vec<JobId>, JobsError> {
        let server = self.server();
        let ticks = schedule.due(tick, now)?;
        let jobs: Vec<_> = ticks.due.iter().map(|due| schedule.job(*due)).collect::<Result<_, _>>()?;
        let ids: Vec<_> = jobs.iter().map(|job| JobId::new(job.unique, shard)).collect();
        let answer = server.run(&server.scripts.enqueue, shard, |command| {
            command.arg(schedule.name.as_str()).arg(tick);
            match ticks.next {
                Some(next) => command.arg(next),
                None => command.arg(""),
            };
            for (id, job) in ids.iter().zip(&jobs) {
                batches::put_job(command, *id, job);
            }
        });
        let answers = reply::array(answer.await?, "the answer to a tick")?;
        // A full queue keeps the tick; the next call tries again.
        let read = answers.into_iter().zip(ids.into_iter().zip(&jobs));
        let read = read.filter_map(|(answer, (id, job))| batches::read_entered(answer, id, job, shard).ok());
        Ok(read.map(|entered| entered.id).collect())
    }
}

const CLAIMED: &str = "a claimed job";

/// A job that cannot be read does not take those that were claimed with it along: its own lease ends, and when that has
/// happened often enough it is dead.
fn legible(job: Value, shard: u8, now: i64) -> Option<Claimed> {
    let id = match &job {
        Value::Array(parts) => parts.first().and_then(|id| reply::id(id.clone(), shard).ok()),
        _ => None,
    };
    let read = read_claimed(job, shard, now);
    read.inspect_err(|problem| error!(job = ?id, "a claimed job cannot be run: {}", Chain(problem))).ok()
}

fn read_claimed(job: Value, shard: u8, now: i64) -> Result<Claimed, JobsError> {
    let [id, kind, tenant, priority, fence, attempt, recoveries, created, due, origin, body] =
        reply::parts(job, CLAIMED)?;
    let origin = reply::text(origin, CLAIMED)?;
    let (payload, headers) = decode_body(&reply::bytes(body, CLAIMED)?)?;
    Ok(Claimed {
        ticket: Ticket {
            id: reply::id(id, shard)?,
            fence: reply::tally(&fence, CLAIMED)?,
            kind: Name::new("kind", &reply::text(kind, CLAIMED)?)?,
            attempt: reply::tally(&attempt, CLAIMED)? as u32,
        },
        tenant: Name::new("tenant", &reply::text(tenant, CLAIMED)?)?,
        priority: reply::priority(priority)?,
        recoveries: reply::tally(&recoveries, CLAIMED)? as u32,
        created: created_at(&created)?,
        waited: reply::span(reply::number(&due, CLAIMED)?, now),
        payload,
        headers,
        origin: (!origin.is_empty()).then(|| Origin::parse(&origin, shard)).transpose()?,
    })
}

fn created_at(value: &Value) -> Result<Timestamp, JobsError> {
    reply::time(reply::number(value, CLAIMED)?, CLAIMED)
}
