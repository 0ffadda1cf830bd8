//! One request inside the engine, from the queue to its last token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use models::Tokenizer;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    EngineError, Event, FinishReason, Finished, Request, Timings, Usage,
    admission::Place,
    metrics::{Ending, Metrics},
    sampling::{BadScores, Sampler, Scratch},
    text::Text,
};

/// What every sequence of an engine needs to turn scores into text.
pub(crate) struct Vocabulary {
    pub(crate) tokenizer: Arc<Tokenizer>,
    pub(crate) end_tokens: Vec<u32>,
}

/// What a turn lends to the sequences that it works on.
pub(crate) struct Turn<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    pub(crate) metrics: &'a Metrics,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) now: Instant,
}

/// The way back to the caller.
pub(crate) struct Reply {
    pub(crate) events: UnboundedSender<Result<Event, EngineError>>,
    pub(crate) admitted: Instant,
}

/// A request with its state.
pub(crate) struct Sequence {
    prompt: Vec<u32>,
    /// Tokens whose keys and values the slot caches.
    cached: usize,
    /// The token that the next decode step appends.
    next: u32,
    generated: u32,
    max_tokens: u32,
    min_tokens: u32,
    ignore_end: bool,
    sampler: Sampler,
    text: Text,
    deadline: Option<Instant>,
    /// The trace that latencies point to.
    trace: Option<String>,
    reply: Reply,
    place: Place,
    timings: Timings,
    seated: Option<Instant>,
    /// The time of the latest token, from admission.
    latest: Duration,
}

impl Sequence {
    /// A sequence for a request that was checked, in a context of `capacity` tokens.
    pub(crate) fn new(request: Request, capacity: usize, place: Place, reply: Reply) -> Self {
        let room = (capacity - request.prompt.len()) as u32;
        Self {
            max_tokens: request.max_tokens.unwrap_or(room).min(room),
            min_tokens: request.stop.min_tokens,
            ignore_end: request.stop.ignore_end,
            sampler: Sampler::new(request.sampling, request.logprobs, &request.prompt),
            text: Text::new(&request.stop),
            prompt: request.prompt,
            deadline: request.deadline,
            trace: request.trace,
            cached: 0,
            next: 0,
            generated: 0,
            reply,
            place,
            timings: Timings::default(),
            seated: None,
            latest: Duration::ZERO,
        }
    }

    /// The part of the prompt that no step has read yet; empty once the sequence decodes.
    pub(crate) fn unread(&self) -> &[u32] {
        &self.prompt[self.cached.min(self.prompt.len())..]
    }

    pub(crate) fn is_decoding(&self) -> bool {
        self.cached >= self.prompt.len()
    }

    pub(crate) fn cached(&self) -> usize {
        self.cached
    }

    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// The slot caches `tokens` more.
    pub(crate) fn advance(&mut self, tokens: usize) {
        self.cached += tokens;
    }

    /// Leaves the queue for a slot.
    pub(crate) fn seat(&mut self, now: Instant, metrics: &Metrics) {
        self.place.seated();
        self.seated = Some(now);
        self.timings.queued = self.since_admission(now);
        metrics.seated(self.prompt.len(), self.timings.queued);
        self.send(Ok(Event::Started { queued: self.timings.queued }));
    }

    /// Why this sequence must not go on, if so: the caller is gone, or its time is up.
    pub(crate) fn interruption(&self, now: Instant) -> Option<Ending> {
        if self.reply.events.is_closed() {
            return Some(Ending::Cancelled);
        }
        self.deadline.is_some_and(|deadline| deadline <= now).then_some(Ending::Deadline)
    }

    /// Chooses the next token by `scores` and tells the caller. Returns how the sequence ended, if it did.
    pub(crate) fn accept(&mut self, scores: &mut [f32], turn: &mut Turn<'_>) -> Option<Ending> {
        let vocabulary = turn.vocabulary;
        let banned = if self.generated < self.min_tokens { vocabulary.end_tokens.as_slice() } else { &[] };
        let choice = match self.sampler.choose(scores, banned, turn.scratch) {
            Ok(choice) => choice,
            Err(bad) => {
                self.fail(bad_scores(bad, self.generated));
                return Some(Ending::Error);
            }
        };
        let is_first = self.generated == 0;
        let elapsed = self.since_admission(turn.now);
        if is_first {
            self.timings.first_token = elapsed;
        }
        if !self.ignore_end && vocabulary.end_tokens.contains(&choice.token) {
            return Some(self.finish(FinishReason::Stop, elapsed));
        }
        if is_first {
            turn.metrics.first_token(elapsed, self.trace());
        } else {
            turn.metrics.next_token(elapsed.saturating_sub(self.latest));
        }
        self.latest = elapsed;
        self.generated += 1;
        self.next = choice.token;
        let pushed = self.text.push(vocabulary.tokenizer.token_bytes(choice.token));
        self.send(Ok(Event::Token { id: choice.token, text: pushed.text, logprob: choice.logprob }));
        if pushed.stop.is_some() {
            return Some(self.end(FinishReason::Stop, String::new(), pushed.stop, elapsed));
        }
        (self.generated >= self.max_tokens).then(|| self.finish(FinishReason::Length, elapsed))
    }

    /// Ends with an error.
    pub(crate) fn fail(&self, error: EngineError) {
        self.send(Err(error));
    }

    /// Ends because its time is up.
    pub(crate) fn expire(&self) {
        self.fail(EngineError::DeadlineExceeded { generated: self.generated });
    }

    pub(crate) fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    pub(crate) fn since_admission(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.reply.admitted)
    }

    /// How long it has held its slot, if it ever got one.
    pub(crate) fn service_time(&self, now: Instant) -> Option<Duration> {
        self.seated.map(|seated| now.saturating_duration_since(seated))
    }

    fn finish(&mut self, reason: FinishReason, total: Duration) -> Ending {
        let rest = self.text.finish();
        // The replacement of a broken last character can complete a stop string.
        let reason = if rest.stop.is_some() { FinishReason::Stop } else { reason };
        self.end(reason, rest.text, rest.stop, total)
    }

    fn end(
        &self,
        reason: FinishReason,
        text: String,
        stop_string: Option<String>,
        total: Duration,
    ) -> Ending {
        let usage = Usage { prompt_tokens: self.prompt.len() as u32, completion_tokens: self.generated };
        let timings = Timings { total, ..self.timings };
        self.send(Ok(Event::Finished(Finished { reason, stop_string, text, usage, timings })));
        match reason {
            FinishReason::Stop => Ending::Stop,
            FinishReason::Length => Ending::Length,
        }
    }

    /// Never waits. A caller that is gone is noticed at the next turn.
    fn send(&self, event: Result<Event, EngineError>) {
        let _ = self.reply.events.send(event);
    }
}

fn bad_scores(bad: BadScores, position: u32) -> EngineError {
    let what = match bad {
        BadScores::NotNumbers => "NaN or infinity",
        BadScores::NothingPossible => "no possible token",
    };
    EngineError::BadScores { what, position }
}
