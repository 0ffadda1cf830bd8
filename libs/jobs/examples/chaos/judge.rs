//! Holds what the workers wrote down against what was submitted and what Redis says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use futures::future::join_all;
use jobs::{JobId, Queue, RedisQueue, State};

use super::{
    faults::Faults,
    record::{self, Line, What},
    team::{Strike, record_of},
};

/// A lease, and the time until the next reaping.
const RECOVERY_BOUND: u64 = 35_000;
const PART: usize = 100;

/// One claim of a job, as the worker's file tells it.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    life: usize,
    began: u64,
    made: bool,
    accepted: bool,
    rejected: bool,
    ended: Option<u64>,
}

/// How long the job of a struck worker waited for its next run, and how long of that Redis was up (ms).
#[derive(Clone, Copy, Debug)]
struct Recovery {
    /// When its worker was struck.
    at: u64,
    up: u64,
    all: u64,
    how: &'static str,
}

impl Run {
    fn note(&mut self, life: usize, line: &Line) {
        match line.what {
            What::Began => (self.life, self.began) = (life, line.at),
            What::Made => self.made = true,
            What::Accepted => self.accepted = true,
            What::Rejected => self.rejected = true,
            What::Left => {}
        }
        if matches!(line.what, What::Accepted | What::Rejected | What::Left) {
            self.ended = Some(line.at);
        }
    }
}

pub(super) struct Judge<'a> {
    submitted: &'a [String],
    faults: &'a Faults,
    /// By job and fence.
    runs: BTreeMap<String, BTreeMap<u64, Run>>,
}

#[derive(Debug, Default)]
pub(super) struct Verdict {
    submitted: usize,
    finished_once: usize,
    lost: usize,
    published_twice: usize,
    strangers: usize,
    left: u64,
    runs: usize,
    rejected: usize,
    /// Of the jobs of struck workers, sorted.
    recoveries: Vec<Recovery>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(records: &Path, submitted: &'a [String], faults: &'a Faults) -> Self {
        let mut runs: BTreeMap<String, BTreeMap<u64, Run>> = BTreeMap::new();
        let lives = 0..faults.team.lives();
        for (life, line) in lives.flat_map(|life| {
            record::read(&record_of(records, life)).into_iter().map(move |line| (life, line))
        }) {
            let run = runs.entry(line.job.clone()).or_default().entry(line.fence).or_default();
            run.note(life, &line);
        }
        Self { submitted, faults, runs }
    }

    pub(super) async fn judge(&self, queue: &RedisQueue, left: u64) -> Verdict {
        let known: BTreeSet<&str> = self.submitted.iter().map(String::as_str).collect();
        let mut verdict = Verdict { submitted: self.submitted.len(), left, ..Verdict::default() };
        verdict.strangers = self.runs.keys().filter(|job| !known.contains(job.as_str())).count();
        for part in self.submitted.chunks(PART) {
            let counted = join_all(part.iter().map(|job| counted_run(queue, job))).await;
            for (job, counted) in part.iter().zip(counted) {
                self.judge_job(&mut verdict, job, counted);
            }
        }
        verdict.recoveries.sort_unstable_by_key(|recovery| recovery.up);
        verdict
    }

    /// `counted` is the fence of the run whose end Redis has.
    fn judge_job(&self, verdict: &mut Verdict, job: &str, counted: Option<u64>) {
        let nothing = BTreeMap::new();
        let runs = self.runs.get(job).unwrap_or(&nothing);
        verdict.runs += runs.len();
        verdict.rejected += runs.values().filter(|run| run.rejected).count();
        let accepted: Vec<_> = runs.iter().filter(|(_, run)| run.accepted).map(|(fence, _)| *fence).collect();
        let is_done = counted.is_some_and(|fence| runs.get(&fence).is_some_and(|run| run.made));
        // A worker may have been killed between the queue's word and its own line, but nobody else may have one.
        let is_twice = accepted.len() > 1 || accepted.iter().any(|fence| Some(*fence) != counted);
        verdict.lost += usize::from(!is_done);
        verdict.published_twice += usize::from(is_twice);
        verdict.finished_once += usize::from(is_done && !is_twice);
        for ((_, run), (_, next)) in runs.iter().zip(runs.iter().skip(1)) {
            verdict.recoveries.extend(self.recovery(run, next));
        }
    }

    fn recovery(&self, run: &Run, next: &Run) -> Option<Recovery> {
        let struck = self.faults.team.struck.iter().filter(|strike| {
            let at = strike.at;
            strike.life == run.life
                && (run.began..=next.began).contains(&at)
                && run.ended.is_none_or(|end| end > at)
        });
        let Strike { at, how, .. } = *struck.max_by_key(|strike| strike.at)?;
        let up = self.faults.outages.up_time(at, next.began);
        Some(Recovery { at, up, all: next.began - at, how })
    }
}

async fn counted_run(queue: &RedisQueue, job: &str) -> Option<u64> {
    let id: JobId = job.parse().unwrap();
    let job = queue.get(id).await.ok()?;
    let result = job.result.filter(|_| job.state == State::Done)?;
    std::str::from_utf8(&result).ok()?.parse().ok()
}

impl Verdict {
    pub(super) fn is_good(&self) -> bool {
        let worst = self.recoveries.last().map_or(0, |recovery| recovery.up);
        let wrong = self.lost + self.published_twice + self.strangers + self.left as usize;
        wrong == 0 && self.finished_once == self.submitted && worst <= RECOVERY_BOUND
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |at: usize| self.recoveries.get(at).map_or(0.0, |recovery| recovery.up as f64 / 1e3);
        let count = self.recoveries.len();
        writeln!(f, "submitted        {}", self.submitted)?;
        writeln!(f, "finished once    {}", self.finished_once)?;
        writeln!(f, "lost             {}", self.lost)?;
        writeln!(f, "published twice  {}", self.published_twice)?;
        writeln!(f, "never submitted  {}", self.strangers)?;
        writeln!(f, "left over        {}", self.left)?;
        writeln!(
            f,
            "runs             {}, of which {} came too late and were refused",
            self.runs, self.rejected
        )?;
        writeln!(
            f,
            "recovery         p50 {:.1} s, max {:.1} s of Redis up-time ({count} jobs of struck workers, bound {} s)",
            seconds(count / 2),
            seconds(count.saturating_sub(1)),
            RECOVERY_BOUND / 1_000
        )?;
        for Recovery { at, up, all, how } in
            self.recoveries.iter().filter(|recovery| recovery.up > RECOVERY_BOUND)
        {
            writeln!(
                f,
                "                 too slow: {up} ms ({all} ms with Redis away) after its worker was {how} at {at}"
            )?;
        }
        write!(f, "{}", if self.is_good() { "good" } else { "NOT good" })
    }
}
