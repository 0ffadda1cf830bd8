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

/// A lease, and the time until the next reaping. A job may be taken by a second worker that is struck before it has begun
/// it, and writes nothing down; that is one more recovery in Redis's count, and one more bound.
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
    /// Workers that had the job in between and wrote nothing of it.
    between: u64,
}

impl Recovery {
    fn is_slow(&self) -> bool {
        self.up > RECOVERY_BOUND * (1 + self.between)
    }
}

/// What Redis says of a job in the end.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    /// The fence of the run that counts.
    fence: Option<u64>,
    /// Leases that ended without a word.
    recoveries: u64,
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

impl Run {
    /// Whether its worker gave the job back.
    fn was_left(&self) -> bool {
        self.ended.is_some() && !self.accepted && !self.rejected
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

    fn judge_job(&self, verdict: &mut Verdict, job: &str, counted: Counted) {
        let Counted { fence: counted, recoveries } = counted;
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
        let turns: Vec<_> = runs.values().zip(runs.values().skip(1)).collect();
        // A run that was given back is followed by another one without a lease that ended.
        let written = turns.iter().filter(|(run, _)| !run.was_left()).count() as u64;
        // Whichever turn it was: a job that is taken from two workers is rare, and one from three more so.
        let between = recoveries.saturating_sub(written);
        let seen = turns.into_iter().filter_map(|(run, next)| self.recovery(run, next));
        verdict.recoveries.extend(seen.map(|recovery| Recovery { between, ..recovery }));
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
        Some(Recovery { at, up, all: next.began - at, how, between: 0 })
    }
}

async fn counted_run(queue: &RedisQueue, job: &str) -> Counted {
    let id: JobId = job.parse().unwrap();
    let Ok(job) = queue.get(id).await else { return Counted::default() };
    let result = job.result.filter(|_| job.state == State::Done);
    let fence = result.and_then(|result| std::str::from_utf8(&result).ok()?.parse().ok());
    Counted { fence, recoveries: u64::from(job.recoveries) }
}

impl Verdict {
    pub(super) fn is_good(&self) -> bool {
        let wrong = self.lost + self.published_twice + self.strangers + self.left as usize;
        wrong == 0 && self.finished_once == self.submitted && !self.recoveries.iter().any(Recovery::is_slow)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let once: Vec<_> = self.recoveries.iter().filter(|recovery| recovery.between == 0).collect();
        let seconds = |at: usize| once.get(at).map_or(0.0, |recovery| recovery.up as f64 / 1e3);
        let count = once.len();
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
        let twice = self.recoveries.iter().filter(|recovery| recovery.between > 0);
        if let Some(worst) = twice.clone().map(|recovery| recovery.up).max() {
            let (count, worst) = (twice.count(), worst as f64 / 1e3);
            writeln!(
                f,
                "                 max {worst:.1} s of {count} more that a second worker had taken, and was struck before it began"
            )?;
        }
        for Recovery { at, up, all, how, .. } in self.recoveries.iter().filter(|recovery| recovery.is_slow())
        {
            writeln!(
                f,
                "                 too slow: {up} ms ({all} ms with Redis away) after its worker was {how} at {at}"
            )?;
        }
        write!(f, "{}", if self.is_good() { "good" } else { "NOT good" })
    }
}
