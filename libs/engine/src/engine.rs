//! The handle of a running engine.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use models::Tokenizer;
use prometheus_client::registry::Registry;
use tokio::sync::{mpsc::unbounded_channel, watch};

use crate::{
    Clock, DecoderModel, EngineError, Generation, Geometry, Request, Settings,
    admission::{Admission, Place},
    metrics::Metrics,
    request::validate,
    sampling::Scratch,
    scheduler::{Command, Desk, Scheduler},
    sequence::{Reply, Sequence, Vocabulary},
};

/// How an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Takes requests.
    Serving,
    /// Finishes what it has, takes nothing new.
    Draining,
    /// Drained.
    Stopped,
    /// A step of the model failed; everything was ended and nothing more is taken. The process should be replaced.
    Failed,
}

/// A model at work on its own thread. Clones are handles of the same engine.
///
/// Dropping the last handle, its permits included, ends what still runs with [`EngineError::Draining`] and waits for
/// the step in progress; [`Engine::drain`] is the gentle way.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    geometry: Geometry,
    admission: Arc<Admission>,
    clock: Clock,
    health: watch::Receiver<Health>,
    /// Taken on drop: the thread ends when it is gone.
    inbox: Option<Sender<Command>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the thread that runs `model`.
    ///
    /// `end_tokens` end a generation; `tokenizer` turns the others into text. Metrics are registered in `registry`.
    ///
    /// # Errors
    /// [`EngineError::InvalidSetting`], also for a model without room for a sequence; [`EngineError::Thread`].
    pub fn start(
        model: Box<dyn DecoderModel>,
        tokenizer: Arc<Tokenizer>,
        end_tokens: Vec<u32>,
        settings: Settings,
        registry: &mut Registry,
    ) -> Result<Self, EngineError> {
        let geometry = model.geometry();
        settings.check(geometry)?;
        let admission =
            Arc::new(Admission::new(geometry.slots, settings.max_waiting, settings.max_waiting_tokens));
        let desk = Desk {
            vocabulary: Vocabulary { tokenizer, end_tokens },
            metrics: Metrics::register(registry, &settings.model),
            admission: Arc::clone(&admission),
            clock: settings.clock.clone(),
            scratch: Scratch::default(),
        };
        // Bounded by admission: every place once, and the orders to drain.
        let (inbox, commands) = channel();
        let (health_sender, health) = watch::channel(Health::Serving);
        let scheduler = Scheduler::new(model, commands, desk, &settings, health_sender);
        let thread = thread::Builder::new()
            .name("engine".to_string())
            .spawn(|| scheduler.run())
            .map_err(|error| EngineError::Thread(Arc::new(error)))?;
        let thread = Mutex::new(Some(thread));
        let clock = settings.clock;
        Ok(Self {
            shared: Arc::new(Shared { geometry, admission, clock, health, inbox: Some(inbox), thread }),
        })
    }

    /// What the model can hold; the context is `capacity` tokens.
    pub fn geometry(&self) -> Geometry {
        self.shared.geometry
    }

    /// How the engine is, and a way to wait for a change.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.clone()
    }

    /// Takes a place for one request, before any work is done for it. Dropping the permit gives the place back.
    ///
    /// # Errors
    /// [`EngineError::QueueFull`], [`EngineError::Draining`], [`EngineError::Failed`].
    pub fn admit(&self) -> Result<Permit, EngineError> {
        let place = self.shared.admission.enter()?;
        Ok(Permit { admitted: self.shared.clock.now(), place, engine: self.clone() })
    }

    /// Takes nothing new, finishes what was submitted, and ends the thread. What still runs at `deadline` ends with
    /// [`EngineError::Draining`]. Returns when the thread is gone, at the latest one step of the model after
    /// `deadline`.
    pub async fn drain(&self, deadline: Instant) {
        self.shared.admission.close();
        if let Some(inbox) = &self.shared.inbox {
            // Fails only if the thread is gone.
            let _ = inbox.send(Command::Drain(deadline));
        }
        let ended = |health: &Health| matches!(health, Health::Stopped | Health::Failed);
        // An error says that the thread is gone, which is what this waits for.
        let _ = self.health().wait_for(ended).await;
        self.shared.join();
    }
}

/// The right to submit one request.
pub struct Permit {
    engine: Engine,
    place: Place,
    admitted: Instant,
}

impl Permit {
    /// Checks the request and puts it into the queue.
    ///
    /// # Errors
    /// [`EngineError::InvalidRequest`] with every wrong field, [`EngineError::DeadlineExceeded`] when the deadline has
    /// passed already, [`EngineError::DeadlineTooSoon`] when it will have passed before the request's turn comes,
    /// [`EngineError::QueueFull`] when the prompts that wait have too many tokens, [`EngineError::Draining`] when the
    /// thread has ended meanwhile.
    pub fn generate(mut self, request: Request) -> Result<Generation, EngineError> {
        let shared = &self.engine.shared;
        validate(&request, shared.geometry)?;
        shared.can_meet(request.deadline)?;
        self.place.wait_with(request.prompt.len())?;
        let (sender, events) = unbounded_channel();
        let reply = Reply { events: sender, admitted: self.admitted };
        let sequence = Box::new(Sequence::new(request, shared.geometry.capacity, self.place, reply));
        let Some(inbox) = &shared.inbox else { return Err(EngineError::Draining) };
        inbox.send(Command::Submit(sequence)).map_err(|_| EngineError::Draining)?;
        Ok(Generation::new(events))
    }
}

impl Shared {
    /// Refuses what has no time left, or would still wait for a slot at its deadline. How long its own work takes is not
    /// known, so nothing is refused for that.
    fn can_meet(&self, deadline: Option<Instant>) -> Result<(), EngineError> {
        let Some(deadline) = deadline else { return Ok(()) };
        let left = deadline.saturating_duration_since(self.clock.now());
        let wait = self.admission.likely_wait();
        if left.is_zero() {
            Err(EngineError::DeadlineExceeded { generated: 0 })
        } else if wait > left {
            Err(EngineError::DeadlineTooSoon { wait, left })
        } else {
            Ok(())
        }
    }

    /// Waits for the thread, which has said that it is about to end.
    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // The scheduler catches panics; one that got past it has been printed by the hook.
            let _ = thread.join();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.inbox = None;
        self.join();
    }
}
