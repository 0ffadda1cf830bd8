//! The task that takes lines out of the queue and has them delivered.

use std::{mem, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};
use tracing::{info, warn};

use super::{
    Counts, Stream,
    delivery::{MOST, deliver},
    entry::Entry,
    queue::Outlet,
};

/// A batch ends above this, in bytes: Loki takes 4 MiB at once.
const BATCH_BYTES: usize = 1024 * 1024;

/// When lines are sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long the first line of a batch waits for others.
    pub(crate) linger: Duration,
    /// The pause after the first attempt that failed; each next one is twice as long.
    pub(crate) rest: Duration,
    /// How often a batch is tried.
    pub(crate) attempts: u32,
}

impl Default for Pace {
    fn default() -> Self {
        // Six attempts are half a minute: the restart of a Loki.
        Self { linger: Duration::from_secs(1), rest: Duration::from_secs(1), attempts: 6 }
    }
}

/// Takes lines out until it is told to end, and then those that are left.
pub(crate) struct Pump {
    pub(crate) stream: Stream,
    pub(crate) outlet: Outlet,
    pub(crate) counts: Counts,
    pub(crate) pace: Pace,
    /// Becomes true when the process ends.
    pub(crate) ending: watch::Receiver<bool>,
}

#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Pump {
    /// Pumps until `ending` says so and nothing is left. Whether Loki has the last lines.
    pub(crate) async fn run(mut self) -> bool {
        let mut reached = true;
        while let Some(batch) = self.gather().await {
            let sent = self.send(&batch.entries).await;
            self.book(&batch, &sent);
            tell(mem::replace(&mut reached, sent.is_ok()), &sent);
        }
        reached
    }

    /// Counts what became of a batch, whose room is free from now on.
    fn book(&self, batch: &Batch, sent: &Result<(), String>) {
        let count = if sent.is_ok() { &self.counts.pushed } else { &self.counts.undelivered };
        count.inc_by(batch.entries.len() as u64);
        self.outlet.give_back(batch.bytes);
    }

    /// The next lines; `None` when the process ends and there are none.
    async fn gather(&mut self) -> Option<Batch> {
        let first = tokio::select! {
            biased;
            first = self.outlet.next() => first?,
            () = told(&mut self.ending) => {
                self.outlet.close();
                self.outlet.next_now()?
            }
        };
        let mut batch = Batch::default();
        batch.add(first);
        let until = Instant::now() + self.pace.linger;
        while !batch.is_full() {
            let next = match self.outlet.next_now() {
                Some(next) => Some(next),
                None if self.is_ending() => None,
                None => self.next_until(until).await,
            };
            match next {
                Some(next) => batch.add(next),
                None => break,
            }
        }
        Some(batch)
    }

    fn is_ending(&self) -> bool {
        *self.ending.borrow()
    }

    /// The next line, if it comes in time and the process does not end before.
    async fn next_until(&mut self, until: Instant) -> Option<Entry> {
        tokio::select! {
            next = timeout_at(until, self.outlet.next()) => next.ok().flatten(),
            () = told(&mut self.ending) => None,
        }
    }

    /// Tries again and again; once, when the process ends.
    async fn send(&mut self, entries: &[Entry]) -> Result<(), String> {
        let mut rest = self.pace.rest;
        let mut attempts = self.pace.attempts;
        loop {
            let problem = match deliver(&self.stream, entries).await {
                Ok(()) => return Ok(()),
                Err(problem) => problem,
            };
            attempts = attempts.saturating_sub(1);
            if attempts == 0 || self.is_ending() {
                return Err(problem);
            }
            tokio::select! {
                () = sleep(rest) => {}
                () = told(&mut self.ending) => {}
            }
            rest *= 2;
        }
    }
}

impl Batch {
    fn add(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push(entry);
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= MOST || self.bytes >= BATCH_BYTES
    }
}

/// Says once that Loki is away, and once that it is there again, rather than of each batch.
fn tell(reached_before: bool, sent: &Result<(), String>) {
    match sent {
        Ok(()) if !reached_before => info!("log lines reach Loki again"),
        Err(problem) if reached_before => warn!("log lines do not reach Loki, and are dropped: {problem}"),
        _ => {}
    }
}

/// Ends when the process does. Whoever could say so may be gone; then it has ended.
async fn told(ending: &mut watch::Receiver<bool>) {
    drop(ending.wait_for(|ending| *ending).await);
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use axum::http::StatusCode;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    use tokio::{net::TcpListener, sync::watch, task::JoinSet};

    use super::{
        super::{LokiDestination, Queue, queue, tests::stand_in::StandIn},
        Counts, MOST, Pace, Pump, Stream,
    };
    use crate::log::Line;

    const AT_ONCE: Pace =
        Pace { linger: Duration::from_millis(1), rest: Duration::from_millis(1), attempts: 3 };

    /// A pump that runs, and the queue before it.
    struct Running {
        queue: Queue,
        counts: Counts,
        ending: watch::Sender<bool>,
        task: JoinSet<bool>,
    }

    impl Running {
        fn to(destination: &LokiDestination, pace: Pace) -> Self {
            let counts = Counts::default();
            let (queue, outlet) = queue(counts.clone());
            let (ending, told) = watch::channel(false);
            let stream = Stream::new(destination, Some("team-a"), "api").unwrap();
            let pump = Pump { stream, outlet, counts: counts.clone(), pace, ending: told };
            let mut task = JoinSet::new();
            task.spawn(pump.run());
            Self { queue, counts, ending, task }
        }

        async fn end(mut self) -> Counts {
            self.ending.send_replace(true);
            self.task.join_next().await.unwrap().unwrap();
            self.counts
        }
    }

    fn line() -> Line<'static> {
        let (trace, span) = (TraceId::from(0xab), SpanId::from(0xcd));
        let trace = SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::NONE);
        Line {
            req_id: Some("r-1"),
            principal: Some("laptop"),
            trace: Some(trace),
            ..Line::sample("said \"so\"")
        }
    }

    #[tokio::test]
    async fn a_line_arrives_with_its_ids_under_two_labels() {
        let mut loki = StandIn::answering(|_| StatusCode::NO_CONTENT).await;
        let running = Running::to(&loki.destination, AT_ONCE);
        running.queue.offer(&line());
        let pushed = loki.next().await;
        assert_eq!(pushed.tenant.as_deref(), Some("team-a"));
        let labels: Vec<_> = pushed.streams.iter().map(|stream| stream.labels.as_str()).collect();
        assert_eq!(labels, [r#"{service="api",level="info"}"#]);
        let [arrived] = &pushed.lines()[..] else { panic!("one line") };
        for (name, expected) in [
            ("message", "said \"so\""),
            ("req_id", "r-1"),
            ("trace_id", "000000000000000000000000000000ab"),
            ("span_id", "00000000000000cd"),
            ("principal", "laptop"),
            ("target", "sample"),
        ] {
            assert_eq!(arrived[name], expected, "{name} in {arrived}");
        }
        let counts = running.end().await;
        assert_eq!((counts.pushed.get(), counts.undelivered.get()), (1, 0));
    }

    #[tokio::test]
    async fn more_lines_than_one_batch_holds_all_arrive_once() {
        let mut loki = StandIn::answering(|_| StatusCode::NO_CONTENT).await;
        let running = Running::to(&loki.destination, AT_ONCE);
        let all = MOST * 2 + 7;
        (0..all).for_each(|number| running.queue.offer(&Line::sample(&number.to_string())));
        let mut arrived = Vec::new();
        while arrived.len() < all {
            arrived.extend(loki.next().await.lines());
        }
        let numbers: Vec<usize> =
            arrived.iter().map(|line| line["message"].as_str().unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (0..all).collect::<Vec<_>>());
        let counts = running.end().await;
        assert_eq!((counts.pushed.get(), counts.full.get(), counts.undelivered.get()), (all as u64, 0, 0));
    }

    #[tokio::test]
    async fn what_is_refused_is_sent_again() {
        static REFUSED: AtomicUsize = AtomicUsize::new(0);
        let answer = |_: &_| match REFUSED.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::NO_CONTENT,
        };
        let mut loki = StandIn::answering(answer).await;
        let running = Running::to(&loki.destination, AT_ONCE);
        running.queue.offer(&line());
        for _ in 0..3 {
            assert_eq!(loki.next().await.lines().len(), 1);
        }
        let counts = running.end().await;
        assert_eq!((counts.pushed.get(), counts.undelivered.get()), (1, 0));
    }

    #[tokio::test]
    async fn lines_are_counted_that_a_loki_that_is_away_never_got() {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let destination = format!("http://{}", nobody.local_addr().unwrap()).parse().unwrap();
        drop(nobody);
        let running = Running::to(&destination, AT_ONCE);
        (0..5).for_each(|_| running.queue.offer(&line()));
        let counts = running.end().await;
        assert_eq!((counts.pushed.get(), counts.undelivered.get()), (0, 5));
    }

    #[tokio::test]
    async fn the_end_does_not_wait_for_more_lines() {
        let mut loki = StandIn::answering(|_| StatusCode::NO_CONTENT).await;
        let hour = Duration::from_hours(1);
        let running = Running::to(&loki.destination, Pace { linger: hour, rest: hour, attempts: 2 });
        running.queue.offer(&line());
        let counts = running.end().await;
        assert_eq!(loki.next().await.lines().len(), 1);
        assert_eq!(counts.pushed.get(), 1);
    }
}
