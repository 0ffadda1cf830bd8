//! Being ready: a board of conditions, all of which must hold.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;
use tokio::sync::watch;

/// One condition of being ready, such as a loaded model. It does not hold until [`Readiness::ready`] is called.
///
/// Dropping the handle leaves the condition as it is.
#[derive(Debug)]
pub struct Readiness {
    board: Board,
    index: usize,
}

impl Readiness {
    /// The condition holds from now on.
    pub fn ready(&self) {
        self.set(None);
    }

    /// The condition does not hold, for a reason that an operator reads in `/readyz`.
    pub fn not_ready(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(Some(reason.into()));
    }

    fn set(&self, reason: Option<Cow<'static, str>>) {
        self.board.0.send_modify(|state| {
            if let Some(condition) = state.conditions.get_mut(self.index) {
                condition.reason = reason;
            }
        });
    }
}

/// Follows whether one component is ready, for protocols that report it themselves.
#[derive(Debug)]
pub struct ReadinessChanges {
    component: Option<Arc<str>>,
    states: watch::Receiver<State>,
    told: Option<bool>,
}

impl ReadinessChanges {
    /// Whether the component is ready: at once on the first call, then whenever it changes.
    pub async fn next(&mut self) -> bool {
        let (component, told) = (self.component.as_deref(), self.told);
        let changed = self.states.wait_for(|state| told != Some(state.ready(component))).await;
        // The board is gone only with the whole process; nothing is ready then.
        let ready = changed.is_ok_and(|state| state.ready(component));
        self.told = Some(ready);
        ready
    }
}

/// All conditions of the process.
#[derive(Clone, Debug)]
pub(crate) struct Board(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    stopping: bool,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct Condition {
    component: Option<Arc<str>>,
    name: Cow<'static, str>,
    /// Why it does not hold; `None` when it does.
    reason: Option<Cow<'static, str>>,
}

/// What is missing, as `/readyz` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Missing {
    name: String,
    reason: String,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// Adds a condition that does not hold yet.
    pub(crate) fn condition(&self, component: Option<Arc<str>>, name: Cow<'static, str>) -> Readiness {
        let mut index = 0;
        self.0.send_modify(|state| {
            index = state.conditions.len();
            state.conditions.push(Condition { component, name, reason: Some("starting".into()) });
        });
        Readiness { board: self.clone(), index }
    }

    /// From now on the process is never ready again.
    pub(crate) fn stop(&self) {
        self.0.send_modify(|state| state.stopping = true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.borrow().stopping
    }

    pub(crate) fn changes(&self, component: Option<Arc<str>>) -> ReadinessChanges {
        ReadinessChanges { component, states: self.0.subscribe(), told: None }
    }

    /// What keeps the process from being ready; empty when it is.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let state = self.0.borrow();
        let stopping = state
            .stopping
            .then(|| Missing { name: "process".to_owned(), reason: "shutting down".to_owned() });
        stopping.into_iter().chain(state.conditions.iter().filter_map(Condition::missing)).collect()
    }
}

impl State {
    fn ready(&self, component: Option<&str>) -> bool {
        let concerns =
            |condition: &&Condition| component.is_none() || condition.component.as_deref() == component;
        !self.stopping && self.conditions.iter().filter(concerns).all(|condition| condition.reason.is_none())
    }
}

impl Condition {
    fn missing(&self) -> Option<Missing> {
        let reason = self.reason.as_ref()?.to_string();
        let name = match &self.component {
            Some(component) => format!("{component}/{}", self.name),
            None => self.name.to_string(),
        };
        Some(Missing { name, reason })
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::Board;

    #[tokio::test]
    async fn a_component_follows_its_own_conditions_and_the_end_of_the_process() {
        let board = Board::new();
        let model = board.condition(Some("llm".into()), "model".into());
        let _other = board.condition(Some("api".into()), "peer".into());
        let mut changes = board.changes(Some("llm".into()));
        assert!(!changes.next().await);
        model.not_ready("loading weights");
        assert_eq!(changes.next().now_or_never(), None, "a new reason is no change");
        model.ready();
        assert!(changes.next().await);
        board.stop();
        assert!(!changes.next().await);
        model.ready();
        assert_eq!(changes.next().now_or_never(), None, "nothing is ready again after the end");
    }
}
