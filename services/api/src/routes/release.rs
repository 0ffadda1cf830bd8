//! One llm-inference, or several pods of the same.

use std::sync::Arc;

use rpc::Upstream;
use tokio::sync::watch;

use super::gate::Gate;

/// A release that is connected to.
pub(crate) struct Release {
    name: &'static str,
    /// Whether callers are told of it: where there is one only, it has no name of theirs.
    is_told: bool,
    upstream: Upstream,
    connected: watch::Receiver<bool>,
    gate: Option<Arc<Gate>>,
}

impl Release {
    pub(super) fn new(name: &'static str, upstream: Upstream, gate: Option<Gate>) -> Self {
        Self { name, is_told: true, connected: upstream.connected(), upstream, gate: gate.map(Arc::new) }
    }

    /// The one release of a service without a file.
    pub(super) fn only(name: &'static str, upstream: Upstream) -> Self {
        Self { is_told: false, ..Self::new(name, upstream, None) }
    }

    /// Its name, for figures and logs.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its name as callers are told it, if they are.
    pub(crate) fn told(&self) -> Option<&'static str> {
        self.is_told.then_some(self.name)
    }

    /// The channel to it.
    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream.clone()
    }

    /// What holds calls back, if anything does.
    pub(crate) fn gate(&self) -> Option<&Arc<Gate>> {
        self.gate.as_ref()
    }

    /// Whether any of its pods is connected, now.
    pub(crate) fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// The same, now and later.
    pub(crate) fn connected(&self) -> watch::Receiver<bool> {
        self.connected.clone()
    }
}
