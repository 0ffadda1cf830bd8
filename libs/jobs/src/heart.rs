//! Keeps leases alive, whatever the rest of the process does.
//!
//! It has a thread and, given [`crate::RedisQueue::apart`], connections of its own, so neither a handler that computes
//! nor a pool that is busy costs a worker its jobs. It also gives up in time: without a word from the queue a run is
//! declared lost while its lease still holds, by the monotonic clock, so that nobody else has the job yet.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use fault::Chain;
use tokio::{
    runtime,
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use tracing::warn;

use crate::{Beat, JobId, JobsError, Pulse, Queue, Ticket, claim::PROGRESS};

/// How often a heart beats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long a run is safe after a beat.
    pub lease: Duration,
    /// Between two beats.
    pub beat: Duration,
    /// Without a beat for so long a run is given up; less than the lease.
    pub give_up: Duration,
    /// Between two beats that carry progress.
    pub progress: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            beat: Duration::from_secs(10),
            give_up: Duration::from_secs(25),
            progress: Duration::from_millis(250),
        }
    }
}

impl Timing {
    fn check(self) -> Result<(), JobsError> {
        if Duration::ZERO < self.beat && self.beat < self.give_up && self.give_up < self.lease {
            return Ok(());
        }
        Err(JobsError::invalid("timing", "expected 0 < beat < give_up < lease"))
    }
}

/// Why a run has to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody cancelled the job; end it with [`crate::Outcome::Cancelled`].
    Cancelled,
    /// The job may be somebody else's by now; stop, and throw away what was made.
    Lost,
}

/// The thread that beats for all runs of a worker. Dropping it stops the beats.
pub struct Heart {
    runs: Arc<Runs>,
    thread: Option<JoinHandle<()>>,
}

/// One run under the heart's care. Dropping it ends the care, which has to come before the run's end is told.
pub struct Held {
    runs: Arc<Runs>,
    key: (JobId, u64),
    word: watch::Receiver<Option<Ended>>,
}

struct Runs {
    care: Mutex<Care>,
    /// Without a beat for so long a run is given up.
    give_up: Duration,
    /// There is progress to send.
    news: Notify,
    /// There is a new run to watch over.
    arrival: Notify,
    stop: Notify,
}

#[derive(Default)]
struct Care {
    held: HashMap<(JobId, u64), Run>,
    /// When the oldest run is looked at, unless an older one arrives.
    looks_at: Option<Instant>,
}

struct Run {
    ticket: Ticket,
    progress: Option<Vec<u8>>,
    /// When the latest beat that was answered was sent.
    alive: Instant,
    word: watch::Sender<Option<Ended>>,
}

impl Heart {
    /// Starts the thread. Give it a queue with connections of its own.
    pub fn start(queue: Arc<dyn Queue>, timing: Timing) -> Result<Self, JobsError> {
        timing.check()?;
        let runs = Arc::new(Runs::new(timing.give_up));
        let failed = |error| JobsError::Thread(Arc::new(error));
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let shared = Arc::clone(&runs);
        let beating = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = shared.stop.notified() => {}
                    () = shared.beat(&*queue, timing) => {}
                    () = shared.give_up() => {}
                }
            });
        };
        let thread = thread::Builder::new().name("heart".to_owned()).spawn(beating).map_err(failed)?;
        Ok(Self { runs, thread: Some(thread) })
    }

    /// Beats for a run from now on. `since` is when its claim was sent, since the lease began no earlier.
    pub fn hold(&self, ticket: &Ticket, since: Instant) -> Held {
        let key = (ticket.id, ticket.fence);
        let (word, heard) = watch::channel(None);
        let run = Run { ticket: ticket.clone(), progress: None, alive: since, word };
        let mut care = self.runs.care();
        care.held.insert(key, run);
        // The thread is not woken for each of many short runs: it looks in time as it is.
        if care.looks_at.is_none_or(|time| since + self.runs.give_up < time) {
            self.runs.arrival.notify_one();
        }
        drop(care);
        Held { runs: Arc::clone(&self.runs), key, word: heard }
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.runs.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic there was reported when it happened.
            drop(thread.join());
        }
        for run in self.runs.care().held.values() {
            run.word.send_replace(Some(Ended::Lost));
        }
    }
}

impl Held {
    /// Reports progress. Only the latest is sent, a few times a second at most, and nothing above 16 KiB.
    pub fn progress(&self, progress: Vec<u8>) {
        // The queue would refuse it, and with it the beats of every other run that it is sent with.
        if progress.len() > PROGRESS {
            return warn!(job = %self.key.0, bytes = progress.len(), "a report is too long, and is not sent");
        }
        if let Some(run) = self.runs.care().held.get_mut(&self.key) {
            run.progress = Some(progress);
            self.runs.news.notify_one();
        }
    }

    /// Why the run has to stop, if it has to.
    pub fn end(&self) -> Option<Ended> {
        *self.word.borrow()
    }

    /// Waits until the run has to stop.
    pub async fn ended(&mut self) -> Ended {
        match self.word.wait_for(Option::is_some).await {
            Ok(word) => word.unwrap_or(Ended::Lost),
            Err(_heart_gone) => Ended::Lost,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.runs.care().held.remove(&self.key);
    }
}

/// After a beat that failed: soon enough to save the lease, not so soon as to hammer a server that comes back.
const AGAIN: Duration = Duration::from_secs(1);

impl Runs {
    fn new(give_up: Duration) -> Self {
        Self {
            care: Mutex::default(),
            give_up,
            news: Notify::new(),
            arrival: Notify::new(),
            stop: Notify::new(),
        }
    }

    fn care(&self) -> MutexGuard<'_, Care> {
        self.care.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn beat(&self, queue: &dyn Queue, timing: Timing) {
        let (mut next, mut next_news) = (Instant::now() + timing.beat, Instant::now());
        let mut is_well = true;
        loop {
            let all = tokio::select! {
                () = sleep_until(next) => true,
                () = async { self.news.notified().await; sleep_until(next_news).await } => false,
            };
            let sent = Instant::now();
            match self.beat_once(queue, all, timing.lease).await {
                Ok(()) if all => (is_well, next) = (true, sent + timing.beat),
                Ok(()) => is_well = true,
                Err(error) => {
                    complain(is_well, &error);
                    (is_well, next) = (false, next.min(Instant::now()) + AGAIN.min(timing.beat));
                }
            }
            next_news = Instant::now() + timing.progress;
        }
    }

    async fn beat_once(&self, queue: &dyn Queue, all: bool, lease: Duration) -> Result<(), JobsError> {
        let beats = self.beats(all);
        if beats.is_empty() {
            return Ok(());
        }
        let sent = Instant::now();
        match queue.beat(beats.clone(), lease).await {
            Ok(pulses) => self.hear(&beats, &pulses, sent),
            Err(error) => {
                self.keep_news(beats);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The beats of all runs, or of those that have progress to send.
    fn beats(&self, all: bool) -> Vec<Beat> {
        let mut care = self.care();
        let runs = care.held.values_mut().filter(|run| all || run.progress.is_some());
        runs.map(|run| Beat { ticket: run.ticket.clone(), progress: run.progress.take() }).collect()
    }

    fn hear(&self, beats: &[Beat], pulses: &[Pulse], sent: Instant) {
        let held = &mut self.care().held;
        for (beat, pulse) in beats.iter().zip(pulses) {
            let Some(run) = held.get_mut(&(beat.ticket.id, beat.ticket.fence)) else { continue };
            match pulse {
                Pulse::Alive => run.alive = sent,
                Pulse::Cancel => {
                    run.alive = sent;
                    run.word.send_if_modified(|word| word.replace(Ended::Cancelled).is_none());
                }
                Pulse::Lost => {
                    run.lose();
                    held.remove(&(beat.ticket.id, beat.ticket.fence));
                }
            }
        }
    }

    /// What could not be sent is sent with the next beat, unless there is something newer.
    fn keep_news(&self, beats: Vec<Beat>) {
        let held = &mut self.care().held;
        for beat in beats {
            if let Some(run) = held.get_mut(&(beat.ticket.id, beat.ticket.fence)) {
                run.progress = run.progress.take().or(beat.progress);
            }
        }
    }

    /// Declares runs lost whose last beat is too long ago, also while a beat hangs.
    async fn give_up(&self) {
        let after = self.give_up;
        loop {
            match self.next_look() {
                None => self.arrival.notified().await,
                Some(time) => tokio::select! {
                    () = sleep_until(time) => {}
                    () = self.arrival.notified() => continue,
                },
            }
            let now = Instant::now();
            self.care().held.retain(|_, run| run.alive + after > now || run.lose());
        }
    }

    /// When the first of the runs is to be given up, unless it is heard of before.
    fn next_look(&self) -> Option<Instant> {
        let mut care = self.care();
        care.looks_at = care.held.values().map(|run| run.alive + self.give_up).min();
        care.looks_at
    }
}

impl Run {
    /// Says so to whoever runs it; never `true`, since it is not to be kept.
    fn lose(&self) -> bool {
        self.word.send_replace(Some(Ended::Lost));
        false
    }
}

/// Once in a row is enough.
fn complain(was_well: bool, error: &JobsError) {
    if was_well {
        warn!("leases cannot be extended: {}", Chain(error));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fault::Fault;

    use super::Timing;

    #[test]
    fn a_heart_gives_up_before_the_lease_ends() {
        Timing::default().check().unwrap();
        for wrong in [Duration::ZERO, Duration::from_secs(30), Duration::from_secs(5)] {
            let timing = Timing { give_up: wrong, ..Timing::default() };
            assert_eq!(timing.check().unwrap_err().violations()[0].field, "timing");
        }
    }
}
