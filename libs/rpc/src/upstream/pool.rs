//! All addresses of an upstream, and the choice among them.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::client::conn::http2::SendRequest;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::{
    UpstreamSettings,
    endpoint::{Endpoint, Link},
    failure::LastFailure,
    health::Health,
    metrics::PoolMetrics,
};
use crate::RpcError;

/// The addresses of one upstream.
pub(super) struct Pool {
    name: &'static str,
    patience: Duration,
    known: Mutex<Known>,
    /// Ticks whenever a call that waits for a pod may find one, or has nothing left to wait for.
    changes: watch::Sender<()>,
    /// Whether any pod is connected.
    connected: watch::Sender<bool>,
    doubt: Notify,
    failure: Arc<LastFailure>,
    closing: CancellationToken,
    /// Attempts to connect so far, to any address.
    attempts: AtomicU64,
    metrics: PoolMetrics,
}

struct Known {
    endpoints: Vec<Arc<Endpoint>>,
    /// Whether calls without a pod wait for a look-up: for the first one, and for the first that begins after a loss.
    resolving: bool,
    /// Connections that worked and have ended, so far.
    losses: u64,
}

impl Known {
    /// A look-up has ended. One that began before the last loss may have found what was there before it.
    const fn resolved(&mut self, losses: u64) {
        self.resolving = self.losses != losses;
    }
}

enum Choice {
    Pod(Lease),
    /// Nothing now, but a connection is being made.
    Wait,
    Nothing,
}

impl Pool {
    pub(super) fn new(settings: &UpstreamSettings, metrics: PoolMetrics) -> Self {
        Self {
            name: settings.name,
            patience: settings.connect_timeout,
            known: Mutex::new(Known { endpoints: Vec::new(), resolving: true, losses: 0 }),
            changes: watch::Sender::new(()),
            connected: watch::Sender::new(false),
            doubt: Notify::new(),
            failure: Arc::default(),
            closing: CancellationToken::new(),
            attempts: AtomicU64::new(0),
            metrics,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn metrics(&self) -> &PoolMetrics {
        &self.metrics
    }

    /// Where what goes wrong with connections is noted.
    pub(super) const fn failure(&self) -> &Arc<LastFailure> {
        &self.failure
    }

    /// Whether any pod is connected, now and later.
    pub(super) fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// Cancelled when nobody can make calls any more.
    pub(super) fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Takes a pod for a call: of two at random, the one with fewer open calls. Not `avoid`, where there is another.
    /// Where none is connected, it has every address tried once more and waits for that.
    pub(super) async fn lease(self: &Arc<Self>, avoid: Option<SocketAddr>) -> Result<Lease, RpcError> {
        let (mut changes, since) = (self.changes.subscribe(), self.attempts.load(Ordering::Relaxed));
        let found = async {
            loop {
                match self.choose(avoid, since) {
                    Choice::Pod(lease) => return Some(lease),
                    Choice::Nothing => return None,
                    // The sender lives in this pool and so cannot end.
                    Choice::Wait => changes.changed().await.ok()?,
                }
            }
        };
        let found = timeout(self.patience, found).await.ok().flatten();
        found.ok_or_else(|| {
            // Perhaps the pods have moved.
            self.doubt.notify_one();
            RpcError::Unreachable { upstream: self.name }
        })
    }

    fn choose(self: &Arc<Self>, avoid: Option<SocketAddr>, since: u64) -> Choice {
        let known = self.known();
        let now = Instant::now();
        let connected: Vec<_> = known.endpoints.iter().filter(|it| it.is_ready()).collect();
        let admitting: Vec<_> = connected.iter().copied().filter(|it| it.admits(now)).collect();
        // With every connected pod left out, a call to one of them is better than none.
        let mut candidates = if admitting.is_empty() { connected } else { admitting };
        if candidates.len() > 1 {
            candidates.retain(|it| Some(it.address()) != avoid);
        }
        let chosen = less_busy(&candidates).and_then(|endpoint| Lease::open(self, endpoint, now));
        match chosen {
            Some(lease) => Choice::Pod(lease),
            None if known.resolving => Choice::Wait,
            // Every one is asked, so that all of them try.
            None => match known.endpoints.iter().filter(|it| it.may_connect(since)).count() {
                0 => Choice::Nothing,
                _ => Choice::Wait,
            },
        }
    }

    /// How many connections were lost so far: what a look-up that begins now knows of.
    pub(super) fn losses(&self) -> u64 {
        self.known().losses
    }

    /// Makes these the addresses of the name, as a look-up that knew of so many losses has found them. Returns the new
    /// ones, to connect to; those that went are retired.
    pub(super) fn replace(&self, addresses: &[SocketAddr], losses: u64) -> Vec<Arc<Endpoint>> {
        let wanted: HashSet<_> = addresses.iter().copied().collect();
        let mut known = self.known();
        known.resolved(losses);
        known.endpoints.retain(|endpoint| {
            let stays = wanted.contains(&endpoint.address());
            if !stays {
                endpoint.retired().cancel();
            }
            stays
        });
        let had: HashSet<_> = known.endpoints.iter().map(|endpoint| endpoint.address()).collect();
        let new: Vec<_> = wanted
            .difference(&had)
            .map(|address| Arc::new(Endpoint::new(*address, self.closing.child_token())))
            .collect();
        known.endpoints.extend(new.iter().cloned());
        drop(known);
        self.changed();
        new
    }

    /// The look-up failed: what is known stays, and nobody waits for it any longer.
    pub(super) fn unresolved(&self, losses: u64) {
        self.known().resolved(losses);
        self.changed();
    }

    /// The number of an attempt to connect that begins now.
    pub(super) fn attempt(&self) -> u64 {
        self.attempts.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes what became of a connection.
    pub(super) fn link(&self, endpoint: &Endpoint, link: Link) {
        if matches!(link, Link::Connecting) {
            // One that worked has ended, as when a pod goes away. Where it was the last one, its successor may have been
            // there for long under another address: calls wait for what the name has now.
            let mut known = self.known();
            known.resolving = true;
            known.losses += 1;
        }
        if !matches!(link, Link::Ready(_)) {
            self.doubt.notify_one();
        }
        endpoint.set_link(link);
        self.changed();
    }

    /// Ready when a connection has broken or failed since the last time: the addresses may have changed.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    fn changed(&self) {
        self.changes.send_replace(());
        self.publish();
    }

    fn publish(&self) {
        let known = self.known();
        let count = |which: fn(&Endpoint) -> bool| known.endpoints.iter().filter(|it| which(it)).count();
        let ready = count(Endpoint::is_ready);
        self.metrics.endpoints(known.endpoints.len(), ready, count(Endpoint::is_out));
        self.connected.send_if_modified(|connected| std::mem::replace(connected, ready > 0) != (ready > 0));
    }

    /// At most half of the pods, and never the last one that works, may be left out: what all of them do is not one
    /// pod's fault.
    fn may_eject(&self, endpoint: &Endpoint) -> bool {
        let known = self.known();
        let out =
            known.endpoints.iter().filter(|it| it.is_out() && it.address() != endpoint.address()).count();
        let works = |it: &&Arc<Endpoint>| it.is_ready() && !it.is_out() && it.address() != endpoint.address();
        out < (known.endpoints.len() / 2).max(1) && known.endpoints.iter().any(|it| works(&it))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn less_busy<'a>(candidates: &[&'a Arc<Endpoint>]) -> Option<&'a Arc<Endpoint>> {
    if candidates.len() < 2 {
        return candidates.first().copied();
    }
    let first = fastrand::usize(..candidates.len());
    let second = (first + fastrand::usize(1..candidates.len())) % candidates.len();
    let (first, second) = (candidates[first], candidates[second]);
    Some(if second.load() < first.load() { second } else { first })
}

/// A call's hold on a pod, from the choice to the end of the response body.
pub(super) struct Lease {
    pool: Arc<Pool>,
    endpoint: Arc<Endpoint>,
    sender: SendRequest<Body>,
    /// Whether the pod's return depends on this call, and nothing has come of it yet.
    probe: bool,
}

impl Lease {
    fn open(pool: &Arc<Pool>, endpoint: &Arc<Endpoint>, now: Instant) -> Option<Self> {
        let (sender, probe) = endpoint.open(now)?;
        Some(Self { pool: pool.clone(), endpoint: endpoint.clone(), sender, probe })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.endpoint.address()
    }

    pub(super) fn upstream(&self) -> &'static str {
        self.pool.name
    }

    pub(super) const fn sender(&mut self) -> &mut SendRequest<Body> {
        &mut self.sender
    }

    /// The call has brought its first message.
    pub(super) fn proved(&mut self) {
        self.pool.failure.worked();
        if std::mem::take(&mut self.probe) {
            self.endpoint.health(Health::proved);
            self.pool.publish();
        }
    }

    /// The call has ended well, as far as the pod is concerned.
    pub(super) fn succeeded(self) {
        self.pool.failure.worked();
        self.end(Health::succeeded);
    }

    /// The call has ended badly, by the pod's fault.
    pub(super) fn failed(self) {
        let may_eject = self.pool.may_eject(&self.endpoint);
        let (pool, pod) = (self.pool.clone(), self.address());
        if self.end(|health| health.failed(Instant::now(), may_eject)) {
            tracing::warn!(upstream = pool.name, %pod, "leaving out a failing pod");
            pool.metrics.ejected();
        }
    }

    /// Changes the pod's record for the last time.
    fn end<T>(mut self, change: impl FnOnce(&mut Health) -> T) -> T {
        self.probe = false;
        let was_out = self.endpoint.is_out();
        let changed = self.endpoint.health(change);
        if was_out != self.endpoint.is_out() {
            self.pool.publish();
        }
        changed
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.endpoint.close();
        if self.probe {
            self.endpoint.health(|health| health.probe_abandoned(Instant::now()));
        }
    }
}
