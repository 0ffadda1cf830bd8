//! What is told to the counters while nobody waits for it.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use fault::{Chain, Fault, Kind};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{LEASE, reservation::Home};
use crate::{Counters, MemoryCounters, Settlement, limits::LARGEST, outage::Outage};

/// Settlements, or leases, in one call.
const BATCH: usize = 256;
/// Settlements that wait for the counters to come back.
const MOST_WAITING: usize = 100_000;
/// Between two attempts to settle while the counters are away.
const RETRY: Duration = Duration::from_secs(1);

/// What happened to a reservation.
#[derive(Debug)]
pub(super) enum Word {
    Began { id: String, home: Home },
    Ended(Ended),
}

#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: String,
    pub(super) tokens: u64,
    pub(super) home: Home,
}

/// Settles what was reserved, and keeps the slots of what still runs.
pub struct Settler {
    counters: Arc<dyn Counters>,
    local: Arc<MemoryCounters>,
    outage: Arc<Outage>,
    words: UnboundedReceiver<Word>,
    running: HashSet<String>,
    running_here: HashSet<String>,
    waiting: VecDeque<Settlement>,
}

impl Settler {
    pub(super) fn new(
        counters: Arc<dyn Counters>,
        local: Arc<MemoryCounters>,
        outage: Arc<Outage>,
        words: UnboundedReceiver<Word>,
    ) -> Self {
        let (running, running_here, waiting) = (HashSet::new(), HashSet::new(), VecDeque::new());
        Self { counters, local, outage, words, running, running_here, waiting }
    }

    /// Runs until `end`, which is when the last request has been answered, or until there is no limiter and no reservation
    /// any more. What it has heard until then it settles before it returns; what it has not counts as used.
    pub async fn run(mut self, end: impl Future<Output = ()>) {
        let mut end = std::pin::pin!(end);
        let mut renewals = interval(LEASE / 3);
        renewals.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut end => break,
                word = self.words.recv() => match word {
                    Some(word) => self.hear(word).await,
                    None => break,
                },
                _ = renewals.tick() => self.renew().await,
                () = sleep(RETRY), if !self.waiting.is_empty() => {}
            }
            self.hear_all().await;
            self.settle().await;
        }
        self.hear_all().await;
        self.settle().await;
        if !self.waiting.is_empty() {
            tracing::warn!(reservations = self.waiting.len(), "not settled: they count as used in full");
        }
    }

    async fn hear_all(&mut self) {
        while let Ok(word) = self.words.try_recv() {
            self.hear(word).await;
        }
    }

    async fn hear(&mut self, word: Word) {
        match word {
            Word::Began { id, home: Home::Shared } => drop(self.running.insert(id)),
            Word::Began { id, home: Home::Local } => drop(self.running_here.insert(id)),
            Word::Ended(Ended { id, tokens, home }) => {
                let settlement = Settlement { id, tokens: tokens.min(LARGEST) };
                if home == Home::Local {
                    self.running_here.remove(&settlement.id);
                    // In memory nothing fails.
                    drop(self.local.settle(&[settlement]).await);
                    return;
                }
                self.running.remove(&settlement.id);
                self.waiting.push_back(settlement);
            }
        }
    }

    /// Settles all that waits, or as much as can be.
    async fn settle(&mut self) {
        while !self.waiting.is_empty() {
            let batch: Vec<_> = self.waiting.iter().take(BATCH).cloned().collect();
            match self.outage.ask(self.counters.settle(&batch)).await {
                Err(away) if away.kind() == Kind::Unavailable => break,
                // The same again would fail in the same way.
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "not settled: these count as used in full");
                }
                Ok(()) => {}
            }
            self.waiting.drain(..batch.len());
        }
        if let Some(over) = self.waiting.len().checked_sub(MOST_WAITING).filter(|over| *over > 0) {
            self.waiting.drain(..over);
            tracing::warn!(reservations = over, "too many to settle: the oldest count as used in full");
        }
    }

    async fn renew(&mut self) {
        let here: Vec<_> = self.running_here.iter().cloned().collect();
        drop(self.local.renew(&here, LEASE).await);
        let all: Vec<_> = self.running.iter().cloned().collect();
        for ids in all.chunks(BATCH) {
            if self.outage.ask(self.counters.renew(ids, LEASE)).await.is_err() {
                return;
            }
        }
    }
}
