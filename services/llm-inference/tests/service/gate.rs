//! Holds a stub model before each of its steps.

use std::sync::mpsc::{Sender, channel};

use engine::{StubHook, StubStep};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Lets the model's steps pass one by one. Dropping it opens it.
pub(crate) struct Gate {
    steps: UnboundedReceiver<StubStep>,
    permits: Option<Sender<()>>,
}

impl Gate {
    /// A closed gate, and what makes a stub stop there.
    pub(crate) fn closed() -> (Self, StubHook) {
        let (seen, steps) = unbounded_channel();
        let (permits, allowed) = channel();
        let hook = move |step: &StubStep| {
            // Either end may be gone: then nobody watches any more, or the gate is open.
            let _ = seen.send(step.clone());
            let _ = allowed.recv();
            Ok(())
        };
        (Self { steps, permits: Some(permits) }, Box::new(hook))
    }

    /// Waits for a step and lets it go.
    pub(crate) async fn pass(&mut self) {
        self.steps.recv().await.expect("the engine has ended");
        self.permits.as_ref().expect("the gate is open").send(()).expect("the engine has ended");
    }

    /// Holds nothing up any more.
    pub(crate) fn open(&mut self) {
        self.permits = None;
    }
}
