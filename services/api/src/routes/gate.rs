//! The gate of a release: so many calls run there at once, a few wait in line by priority, and the rest is sent away
//! before anything was done for it.
//!
//! How many may run is found by what llm-inference says of each call: how long it waited for a slot there. A line in
//! front of a model is best kept here, where who comes first can still be chosen.

mod line;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

use self::line::Line;
use super::{GateMetrics, Priority, limit::Limit};
use crate::ApiError;

/// What an operator says of a gate.
#[derive(Clone, Copy, Debug)]
pub(super) struct GateSettings {
    /// How many calls may run at once, however long they wait in llm-inference.
    pub(super) least: u32,
    /// How many calls may run at once, however short they wait there.
    pub(super) most: u32,
    /// How long a call may wait in llm-inference before that is too long.
    pub(super) delay: Duration,
    /// How many calls may wait here.
    pub(super) line: usize,
    /// How long they may.
    pub(super) patience: Duration,
}

/// The gate of one release.
pub(crate) struct Gate {
    settings: GateSettings,
    state: Mutex<State>,
    metrics: GateMetrics,
}

struct State {
    limit: Limit,
    running: usize,
    line: Line<Pass>,
}

/// Where somebody who comes is sent.
enum Sent {
    In(Pass),
    ToWait(oneshot::Receiver<Pass>),
    Away,
}

impl Gate {
    pub(super) fn new(settings: GateSettings, metrics: GateMetrics) -> Self {
        let limit = Limit::new(settings.least, settings.most);
        metrics.limit(limit.calls());
        let state = State { limit, running: 0, line: Line::new(settings.line) };
        Self { settings, state: Mutex::new(state), metrics }
    }

    /// Lets a call in, at once or when it is its turn.
    pub(crate) async fn enter(self: &Arc<Self>, priority: Priority) -> Result<Pass, ApiError> {
        let entered = match self.arrive(priority) {
            Sent::In(pass) => Some(pass),
            // Nobody answers to those whose place somebody more urgent took.
            Sent::ToWait(turn) => timeout(self.settings.patience, turn).await.ok().and_then(Result::ok),
            Sent::Away => None,
        };
        entered.ok_or_else(|| ApiError::Shed { retry_after: self.send_away(priority) })
    }

    /// Whether somebody so urgent would be sent away now.
    pub(super) fn is_full_for(&self, priority: Priority) -> bool {
        let mut state = self.state();
        state.running >= state.limit.calls() && !state.line.has_place(priority)
    }

    /// Sends somebody away, and says when to come back.
    pub(super) fn send_away(&self, priority: Priority) -> Duration {
        self.metrics.shed(priority);
        self.settings.patience
    }

    fn arrive(self: &Arc<Self>, priority: Priority) -> Sent {
        let mut state = self.state();
        if state.running < state.limit.calls() {
            return Sent::In(self.pass(&mut state));
        }
        state.line.join(priority).map_or(Sent::Away, Sent::ToWait)
    }

    /// One more runs.
    fn pass(self: &Arc<Self>, state: &mut State) -> Pass {
        state.running += 1;
        Pass { gate: Arc::clone(self), steps: state.limit.steps(), is_used: true }
    }

    /// Lets in who waits, as far as there is room.
    fn admit(self: &Arc<Self>, state: &mut State) {
        while state.running < state.limit.calls() {
            let Some(waiting) = state.line.first() else { return };
            let pass = self.pass(state);
            if let Err(mut unused) = waiting.send(pass) {
                // It went away; and to come back here, its pass would want the lock that is held.
                unused.is_used = false;
                state.running -= 1;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that runs, until this is dropped.
#[must_use = "a call runs as long as this is kept"]
pub(crate) struct Pass {
    gate: Arc<Gate>,
    /// Those of the limit when it began.
    steps: u64,
    is_used: bool,
}

impl Pass {
    /// The call waited so long for a slot.
    pub(crate) fn waited(&self, queued: Duration) {
        self.learn(|state| {
            let is_in_use = state.running * 2 > state.limit.calls();
            if queued > self.gate.settings.delay {
                state.limit.lower(self.steps);
            } else if is_in_use {
                // What nobody uses has shown nothing.
                state.limit.raise();
            }
        });
    }

    /// There was no room for the call.
    pub(crate) fn refused(&self) {
        self.learn(|state| state.limit.lower(self.steps));
    }

    fn learn(&self, lesson: impl FnOnce(&mut State)) {
        let mut state = self.gate.state();
        lesson(&mut state);
        self.gate.metrics.limit(state.limit.calls());
        self.gate.admit(&mut state);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_used {
            let mut state = self.gate.state();
            state.running -= 1;
            self.gate.admit(&mut state);
        }
    }
}

#[cfg(test)]
mod tests;
