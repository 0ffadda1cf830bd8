//! What a component holds of its process.

use std::{
    borrow::Cow,
    fmt,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use fault::Chain;
use prometheus_client::registry::Registry;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::{BoxError, Readiness, ReadinessChanges, TaskOutput, readiness::Board, tasks::Tasks};

/// One component's share of the process: its tasks, its readiness, its metrics, and the word when to end.
///
/// A clone is the same component; [`Life::component`] makes another one in the same process.
#[derive(Clone, Debug)]
pub struct Life {
    pub(crate) process: Arc<Process>,
    component: Arc<Component>,
}

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

impl Life {
    /// The life of a process with one component. [`crate::run`] makes it; a test makes its own.
    pub fn new() -> Self {
        let component = Arc::new(Component::new(None));
        let process = Arc::new(Process {
            components: Mutex::new(vec![Arc::clone(&component)]),
            board: Board::new(),
            stopping: CancellationToken::new(),
            stop: CancellationToken::new(),
            failed: AtomicBool::new(false),
            running: AtomicUsize::new(0),
            idle: Notify::new(),
            drain_deadline: OnceLock::new(),
            admin_addr: OnceLock::new(),
        });
        Self { process, component }
    }

    /// A further component: its metrics carry the label `service`, its conditions and tasks its name.
    ///
    /// Components drain in the opposite order of their making, so make a server before those that call it.
    #[must_use]
    pub fn component(&self, name: impl Into<Arc<str>>) -> Self {
        let component = Arc::new(Component::new(Some(name.into())));
        self.process.components().push(Arc::clone(&component));
        Self { process: Arc::clone(&self.process), component }
    }

    /// The component's name; none for the process's first one.
    pub fn name(&self) -> Option<Arc<str>> {
        self.component.name.clone()
    }

    /// Runs a task until it ends. Its error or panic ends the process; so does the end of the last task.
    ///
    /// The process waits for it when it drains, so a task that would run forever has to heed [`Life::draining`].
    /// Call it inside the runtime, as everything under [`crate::run`] is.
    pub fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: F)
    where
        F: Future<Output: TaskOutput> + Send + 'static,
    {
        let name = match (&self.component.name, name.into()) {
            (Some(component), name) => format!("{component}/{name}").into(),
            (None, name) => name,
        };
        self.process.running.fetch_add(1, Ordering::AcqRel);
        let process = Arc::clone(&self.process);
        self.component.tasks.spawn(name, task, move |name, result| process.ended(name, result));
    }

    /// A condition of being ready, which does not hold until its handle says so.
    pub fn readiness(&self, name: impl Into<Cow<'static, str>>) -> Readiness {
        self.process.board.condition(self.component.name.clone(), name.into())
    }

    /// Follows whether this component is ready; for the process's first component, whether all are.
    pub fn readiness_changes(&self) -> ReadinessChanges {
        self.process.board.changes(self.component.name.clone())
    }

    /// Registers metrics that the admin port shows.
    pub fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.component.registry())
    }

    /// Ends when this component has to finish: take no new work, end what runs by [`Life::drain_deadline`].
    pub fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.component.draining.clone().cancelled_owned()
    }

    /// Cancelled when the process is on its way out: it serves on for its drain delay, and then drains.
    pub fn stopping(&self) -> CancellationToken {
        self.process.stopping.child_token()
    }

    /// When the grace ends; `None` until the process stops.
    pub fn drain_deadline(&self) -> Option<Instant> {
        self.process.drain_deadline.get().copied()
    }

    /// Whether the process is on its way out, and not ready any more.
    pub fn is_stopping(&self) -> bool {
        self.process.board.is_stopping()
    }

    /// Ends the process in good order, as the first signal would.
    pub fn stop(&self, reason: &str) {
        if !self.process.stop.is_cancelled() {
            info!(reason, "asked to stop");
        }
        self.process.stop.cancel();
    }

    /// Where the admin port listens, once it does.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.process.admin_addr.get().copied()
    }
}

/// What all components of a process share.
#[derive(Debug)]
pub(crate) struct Process {
    components: Mutex<Vec<Arc<Component>>>,
    pub(crate) board: Board,
    pub(crate) stopping: CancellationToken,
    pub(crate) stop: CancellationToken,
    pub(crate) failed: AtomicBool,
    /// Tasks of all components that have not ended.
    running: AtomicUsize,
    idle: Notify,
    pub(crate) drain_deadline: OnceLock<Instant>,
    pub(crate) admin_addr: OnceLock<SocketAddr>,
}

impl Process {
    fn ended(&self, name: &str, result: Result<(), BoxError>) {
        if let Err(failure) = result {
            self.fail(&format!("the task {name} failed"), failure.as_ref());
        }
        if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.idle.notify_one();
        }
    }

    /// Records a failure, once in the log and for good in the exit code, and lets the process end.
    pub(crate) fn fail(&self, what: &str, failure: &(dyn std::error::Error + 'static)) {
        error!("{what}: {}", Chain(failure));
        self.failed.store(true, Ordering::Release);
        self.stop.cancel();
    }

    /// Whether no task runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }

    /// Ends once no task runs.
    pub(crate) async fn idle(&self) {
        while !self.is_idle() {
            self.idle.notified().await;
        }
    }

    /// Drains the components, the youngest first: those that call before those that are called.
    pub(crate) async fn drain(&self) {
        let components = self.components().clone();
        for component in components.iter().rev() {
            component.draining.cancel();
            component.tasks.wait().await;
        }
    }

    /// Drops what still runs, and names it.
    pub(crate) fn abort(&self) -> Vec<Cow<'static, str>> {
        let components = self.components().clone();
        let running = components.iter().flat_map(|component| component.tasks.running()).collect();
        for component in &components {
            component.draining.cancel();
            component.tasks.abort();
        }
        running
    }

    /// All metrics, as the admin port shows them.
    pub(crate) fn exposition(&self) -> Result<String, fmt::Error> {
        let components = self.components().clone();
        let registries: Vec<_> = components.iter().map(|component| component.registry()).collect();
        telemetry::metrics::exposition(registries.iter().map(|registry| &**registry))
    }

    fn components(&self) -> MutexGuard<'_, Vec<Arc<Component>>> {
        self.components.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Component {
    name: Option<Arc<str>>,
    tasks: Tasks,
    draining: CancellationToken,
    registry: Mutex<Registry>,
}

impl Component {
    fn new(name: Option<Arc<str>>) -> Self {
        let label = name.iter().map(|name| ("service".into(), name.to_string().into()));
        let registry = Mutex::new(Registry::with_labels(label));
        Self { registry, name, tasks: Tasks::default(), draining: CancellationToken::new() }
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
