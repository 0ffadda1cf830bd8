//! The engine's thread: which sequence gets which slot, and what the model does next.
//!
//! A turn is one decode step over all sequences that generate, after at most one chunk of one prompt. So a running
//! stream waits for at most a chunk, and a long prompt is read in many turns.

mod slots;

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
    time::Instant,
};

use tokio::sync::watch;

use self::slots::Slots;
use crate::{
    Clock, DecoderModel, EngineError, Health, Settings,
    admission::Admission,
    metrics::{Ending, Metrics},
    sampling::Scratch,
    sequence::{Sequence, Turn, Vocabulary},
};

/// What the engine's handles tell the thread.
pub(crate) enum Command {
    /// Work to do.
    Submit(Box<Sequence>),
    /// Finish what is here, by this time at the latest, then end.
    Drain(Instant),
}

/// Everything that the thread owns.
pub(crate) struct Scheduler {
    model: Box<dyn DecoderModel>,
    inbox: Receiver<Command>,
    waiting: VecDeque<Box<Sequence>>,
    slots: Slots,
    desk: Desk,
    prefill_chunk: usize,
    drain_by: Option<Instant>,
    health: watch::Sender<Health>,
    tokens: Vec<u32>,
    lengths: Vec<usize>,
}

/// What ending and serving a sequence takes, apart from the model and the slots.
pub(crate) struct Desk {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) metrics: Metrics,
    pub(crate) admission: Arc<Admission>,
    pub(crate) clock: Clock,
    pub(crate) scratch: Scratch,
}

impl Scheduler {
    pub(crate) fn new(
        model: Box<dyn DecoderModel>,
        inbox: Receiver<Command>,
        desk: Desk,
        settings: &Settings,
        health: watch::Sender<Health>,
    ) -> Self {
        let slots = Slots::new(model.geometry().slots, settings.prefill_chunk);
        Self {
            model,
            inbox,
            waiting: VecDeque::new(),
            slots,
            desk,
            prefill_chunk: settings.prefill_chunk,
            drain_by: None,
            health,
            tokens: Vec::new(),
            lengths: Vec::new(),
        }
    }

    /// Works until the engine is drained, dropped or broken.
    pub(crate) fn run(mut self) {
        // After a panic nothing here is looked at again but to tell the callers.
        let worked = catch_unwind(AssertUnwindSafe(|| self.work()))
            .unwrap_or_else(|panic| Err(EngineError::step("scheduler", panic_message(panic.as_ref()))));
        let last = match worked {
            Ok(()) => Health::Stopped,
            Err(error) => {
                tracing::error!(error = %fault::Chain(&error), "a step failed; the engine takes no more work");
                self.desk.admission.fail();
                self.end_all(&error, &EngineError::Failed);
                Health::Failed
            }
        };
        let Self { model, health, desk, .. } = self;
        desk.admission.close();
        drop(model);
        health.send_replace(last);
    }

    fn work(&mut self) -> Result<(), EngineError> {
        while self.receive() {
            self.turn()?;
        }
        Ok(())
    }

    /// Takes in what has come, and waits for it if there is nothing else to do. Returns whether to go on.
    fn receive(&mut self) -> bool {
        loop {
            let idle = self.waiting.is_empty() && self.slots.is_empty();
            let command = if idle && self.drain_by.is_none() {
                self.inbox.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                self.inbox.try_recv()
            };
            match command {
                Ok(Command::Submit(sequence)) => self.waiting.push_back(sequence),
                Ok(Command::Drain(deadline)) => {
                    self.drain_by = Some(self.drain_by.map_or(deadline, |earlier| earlier.min(deadline)));
                    self.health.send_replace(Health::Draining);
                }
                Err(TryRecvError::Empty) => return !idle,
                Err(TryRecvError::Disconnected) => {
                    self.end_all(&EngineError::Draining, &EngineError::Draining);
                    return false;
                }
            }
        }
    }

    fn turn(&mut self) -> Result<(), EngineError> {
        let now = self.desk.clock.now();
        self.sweep(now);
        if self.drain_by.is_some_and(|deadline| deadline <= now) {
            self.end_all(&EngineError::Draining, &EngineError::Draining);
        }
        while let (Some(slot), false) = (self.slots.free(), self.waiting.is_empty()) {
            if let Some(mut sequence) = self.waiting.pop_front() {
                sequence.seat(now, &self.desk.metrics);
                self.slots.seat(slot, sequence);
            }
        }
        self.prefill()?;
        self.compact()?;
        self.decode()?;
        self.publish();
        Ok(())
    }

    /// Ends what nobody waits for any more.
    fn sweep(&mut self, now: Instant) {
        let desk = &self.desk;
        let leaves = |sequence: &Sequence| {
            let Some(ending) = sequence.interruption(now) else { return false };
            if ending == Ending::Deadline {
                sequence.expire();
            }
            desk.ended(sequence, ending);
            true
        };
        self.waiting.retain(|sequence| !leaves(sequence));
        self.slots.retain(|sequence| !leaves(sequence));
    }

    /// Reads a chunk of the most urgent prompt.
    fn prefill(&mut self) -> Result<(), EngineError> {
        let Some((slot, sequence)) = self.slots.next_to_read() else { return Ok(()) };
        let past = sequence.cached();
        let count = chunk_of(sequence.unread().len(), self.prefill_chunk);
        let scores = self.model.prefill(slot, &sequence.unread()[..count], past)?;
        sequence.advance(count);
        if sequence.is_decoding() && self.desk.accept(sequence, scores) {
            self.slots.clear(slot);
        }
        Ok(())
    }

    /// Fills the holes that ended sequences left inside the window of decoding slots.
    fn compact(&mut self) -> Result<(), EngineError> {
        while let Some((from, to, length)) = self.slots.next_move() {
            self.model.copy_slot(from, to, length)?;
            self.slots.move_seat(from, to);
        }
        Ok(())
    }

    /// Generates one token for every sequence whose prompt has been read.
    fn decode(&mut self) -> Result<(), EngineError> {
        let Some(window) = self.slots.window() else { return Ok(()) };
        self.tokens.clear();
        self.lengths.clear();
        for (token, length) in self.slots.rows(window.clone()) {
            self.tokens.push(token);
            self.lengths.push(length);
        }
        let vocabulary = self.model.geometry().vocabulary;
        let scores = self.model.decode(window.start, &self.tokens, &self.lengths)?;
        let mut rows = 0;
        for (slot, scores) in window.zip(scores.chunks_exact_mut(vocabulary)) {
            let Some(sequence) = self.slots.decoding(slot) else { continue };
            rows += 1;
            sequence.advance(1);
            if self.desk.accept(sequence, scores) {
                self.slots.clear(slot);
            }
        }
        self.desk.metrics.decode_step(rows);
        Ok(())
    }

    fn publish(&self) {
        let geometry = self.model.geometry();
        let metrics = &self.desk.metrics;
        metrics.running.set(self.slots.len() as i64);
        metrics.waiting.set(self.waiting.len() as i64);
        let pool = (geometry.slots * geometry.capacity).max(1);
        metrics.cache_usage.set(self.slots.cached() as f64 / pool as f64);
    }

    /// Ends everything: those with a slot with one error, those that wait with another.
    fn end_all(&mut self, seated: &EngineError, waiting: &EngineError) {
        let desk = &self.desk;
        let end = |sequence: &Sequence, error: &EngineError| {
            sequence.fail(error.clone());
            desk.ended(sequence, Ending::Error);
        };
        self.slots.retain(|sequence| {
            end(sequence, seated);
            false
        });
        self.waiting.drain(..).for_each(|sequence| end(&sequence, waiting));
        while let Ok(command) = self.inbox.try_recv() {
            if let Command::Submit(sequence) = command {
                end(&sequence, waiting);
            }
        }
        self.publish();
    }
}

impl Desk {
    /// Lets `sequence` choose its next token. Returns whether that ended it.
    fn accept(&mut self, sequence: &mut Sequence, scores: &mut [f32]) -> bool {
        let now = self.clock.now();
        let Self { vocabulary, metrics, scratch, .. } = self;
        let ending = sequence.accept(scores, &mut Turn { vocabulary, metrics, scratch, now });
        if let Some(ending) = ending {
            self.ended(sequence, ending);
        }
        ending.is_some()
    }

    /// Books the end of a sequence.
    fn ended(&self, sequence: &Sequence, ending: Ending) {
        let now = self.clock.now();
        self.metrics.finished(ending, sequence.since_admission(now), sequence.trace());
        // However it ended, its slot is free for the next one.
        if let Some(time) = sequence.service_time(now) {
            self.admission.served(time);
        }
    }
}

/// How many of `unread` tokens the next chunk of about `size` has.
///
/// A lone token is never left over: attention over one token is another kernel, whose rounding differs, while chunks
/// of two or more give bit for bit what the whole prompt gives. So the chunk size never changes a text.
fn chunk_of(unread: usize, size: usize) -> usize {
    if unread <= size + 1 { unread } else { size }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::chunk_of;

    #[test]
    fn no_chunk_of_a_longer_prompt_is_a_single_token() {
        for (prompt, size) in (1..50).flat_map(|prompt| (2..12).map(move |size| (prompt, size))) {
            let mut unread = prompt;
            while unread > 0 {
                let chunk = chunk_of(unread, size);
                assert!((2..=size + 1).contains(&chunk) || prompt == 1, "{chunk} of {unread} at {size}");
                unread -= chunk;
            }
        }
    }
}
