//! The one client stack: a channel to all pods behind one name.
//!
//! tower's balancer was looked at first. It wants `&mut` access and so a buffer task in front, forgets a call when
//! its headers arrive (blind to streams), and cannot leave a pod out for a while; what is left of it would be the
//! choice between two, which is three lines. Retry budgets are tower's.

mod arguments;
mod attempt;
mod backoff;
mod balance;
mod body;
mod connect;
mod connector;
mod endpoint;
mod failure;
mod health;
mod metrics;
mod optional;
mod outgoing;
mod pool;
mod replay;
mod resolve;

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, future::BoxFuture};
use tokio::sync::watch;
use tokio_util::sync::DropGuard;
use tower::{Service, ServiceBuilder, util::BoxCloneSyncService};

use crate::{
    RpcError,
    deadline::KeepDeadline,
    observe::Observe,
    step::{Request, Response, StepLayer},
    tasks::Tasks,
    trace::PropagateTrace,
};
pub use arguments::{UpstreamArguments, UpstreamName, UpstreamSettings, parse_url};
pub use balance::AtMostOnce;
use balance::Balanced;
use connect::Connecting;
pub use connector::{Connector, Io};
use failure::LastFailure;
pub use failure::{ConnectFailure, Obstacle};
pub use metrics::UpstreamMetrics;
pub use optional::OptionalUpstream;
use outgoing::Introduce;
use pool::Pool;
use resolve::keep_resolved;
pub use resolve::{Dns, Resolve};

/// A channel for generated clients: `InferenceServiceClient::new(upstream.clone())`. Clones share everything.
///
/// Requests made with [`onward`](crate::onward) carry their caller's id, principal and remaining time. What goes
/// wrong on the way is a status like any that the peer would answer. Once the last clone is dropped no new
/// connection is made; streams that are open live on.
#[derive(Clone)]
pub struct Upstream {
    name: &'static str,
    service: BoxCloneSyncService<Request, Response, Infallible>,
    connected: watch::Receiver<bool>,
    failure: Arc<LastFailure>,
    tasks: Tasks,
    _open: Arc<DropGuard>,
}

impl Upstream {
    /// A channel to the addresses that DNS gives for the URL's host. Reads the TLS files; connects in the
    /// background, inside the current tokio runtime.
    pub fn connect(settings: &UpstreamSettings, metrics: &UpstreamMetrics) -> Result<Self, RpcError> {
        let connector = Connector::tcp(settings)?;
        Ok(Self::connect_through(settings, metrics, Dns::new(settings), connector))
    }

    /// As [`connect`](Self::connect), with addresses and connections from elsewhere.
    pub fn connect_through(
        settings: &UpstreamSettings,
        metrics: &UpstreamMetrics,
        resolver: impl Resolve,
        connector: Connector,
    ) -> Self {
        let tasks = Tasks::default();
        let pool = Arc::new(Pool::new(settings, metrics.of(settings.name)));
        let connecting = Connecting::new(settings, connector, pool.clone(), tasks.clone());
        tasks.spawn(keep_resolved(resolver, connecting, settings.resolve_every));
        let open = Arc::new(pool.closing().drop_guard());
        let (connected, failure) = (pool.connected(), pool.failure().clone());
        Self { name: settings.name, service: stack(settings, pool), connected, failure, tasks, _open: open }
    }

    /// Whether any pod is connected, now and later.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }

    /// What kept the last connection from being made, or broke it. For whoever chose the upstream: it holds what
    /// callers further away must not see, and so is in no status.
    pub fn last_failure(&self) -> Option<ConnectFailure> {
        self.failure.get()
    }

    /// Drops this clone, then waits until the others are dropped and the last stream has ended.
    pub async fn closed(self) {
        let Self { tasks, service, _open: open, .. } = self;
        drop((service, open));
        tasks.wait().await;
    }
}

/// The client stack. Read from the top: what a request meets first.
///
/// The span comes first, so that the others log within it and the peer continues it. The metrics see what the
/// caller sees: one call, however often it was tried. The deadline stands outside of the retries and so spans them
/// all.
fn stack(settings: &UpstreamSettings, pool: Arc<Pool>) -> BoxCloneSyncService<Request, Response, Infallible> {
    let metrics = pool.metrics().clone();
    let balanced = Balanced::new(settings, pool);
    let stack = ServiceBuilder::new()
        .layer(StepLayer(Introduce))
        .layer(StepLayer(PropagateTrace { upstream: settings.name }))
        .layer(StepLayer(Observe(metrics)))
        .layer(StepLayer(KeepDeadline { longest: settings.timeout }))
        .service_fn(move |request| balanced.clone().call(request).map(Ok));
    BoxCloneSyncService::new(stack)
}

impl Service<Request> for Upstream {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Always: a call that finds no pod waits for one inside its own deadline.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.service.call(request)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").field("name", &self.name).finish_non_exhaustive()
    }
}
