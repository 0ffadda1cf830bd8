//! Another server, and what was seen of it.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use fault::Chain;
use federation::{Listed, Listing, Mirror, Rejected};
use tokio::sync::oneshot;
use tools::Descriptor;

use super::{
    describe,
    link::{Link, Trouble},
    metrics::Metrics,
    ours,
};
use crate::config::UpstreamConfig;

/// A server.
pub(crate) struct Peer {
    pub(super) link: Arc<Link>,
    /// How it is described, apart from policies.
    pub(super) config: UpstreamConfig,
    seen: ArcSwap<BTreeMap<String, State>>,
    metrics: Metrics,
    /// Dropped with it: ends the task that follows it.
    _here: oneshot::Sender<()>,
}

/// What became of a tool that should be offered.
#[derive(Clone)]
pub(super) enum State {
    /// It is as it was pinned.
    Offered(Arc<Seen>),
    /// It says something else than when it was pinned.
    Changed { digest: String },
    /// It is as it was pinned, and cannot be offered all the same.
    Refused { problem: String },
    /// The server does not have it.
    Missing,
}

/// A tool as it is offered.
pub(super) struct Seen {
    /// How the server calls it.
    pub(super) name: String,
    pub(super) descriptor: Descriptor,
    pub(super) mirrors: Vec<Mirror>,
    digest: String,
}

impl Peer {
    /// One that was not seen yet, and what ends when it is dropped.
    pub(super) fn new(link: Link, config: UpstreamConfig, metrics: Metrics) -> (Self, oneshot::Receiver<()>) {
        let (here, gone) = oneshot::channel();
        let peer = Self { link: Arc::new(link), config, seen: ArcSwap::default(), metrics, _here: here };
        (peer, gone)
    }

    /// The tools of this moment.
    pub(super) fn tools(&self) -> Vec<Arc<Seen>> {
        let offered = |state: &State| match state {
            State::Offered(seen) => Some(Arc::clone(seen)),
            _ => None,
        };
        self.seen.load().values().filter_map(offered).collect()
    }

    /// Looks at the server's tools; `Some` says whether something has changed, and `None` that it could not be asked.
    pub(super) async fn look(&self) -> Option<bool> {
        let pins: BTreeMap<&str, &str> = self.config.offered().collect();
        let listed = self.link.list(&|name| pins.contains_key(name)).await;
        self.metrics.looked(&self.link.name, listed.is_ok());
        match listed {
            Ok(listing) => Some(self.take(listing, &pins)),
            Err(trouble) => {
                self.complain(&trouble);
                None
            }
        }
    }

    fn complain(&self, trouble: &Trouble) {
        let upstream = &self.link.name;
        match trouble {
            Trouble::Theirs(error) => {
                tracing::warn!(upstream, "an upstream does not list its tools: {}", Chain(error));
            }
            Trouble::Ours(error) => {
                tracing::warn!(upstream, "an upstream cannot be asked for its tools: {}", Chain(error));
            }
        }
    }

    fn take(&self, mut listing: Listing, pins: &BTreeMap<&str, &str>) -> bool {
        let before = self.seen.load_full();
        let mut now = BTreeMap::new();
        let mut differs = false;
        for (name, pin) in pins {
            let was = before.get(*name);
            let is = self.judge(listing.tools.remove(*name), pin, was);
            self.metrics.changed(&self.link.name, name, matches!(is, State::Changed { .. }));
            if !was.is_some_and(|was| was.is_like(&is)) {
                differs = true;
                self.announce(name, pin, &is);
            }
            now.insert((*name).to_owned(), is);
        }
        if differs {
            self.seen.store(Arc::new(now));
        }
        differs
    }

    fn judge(&self, listed: Option<Result<Listed, Rejected>>, pin: &str, was: Option<&State>) -> State {
        let digest = match &listed {
            None => return State::Missing,
            Some(Ok(listed)) => &listed.digest,
            Some(Err(rejected)) => &rejected.digest,
        };
        if digest != pin {
            return State::Changed { digest: digest.clone() };
        }
        if let Some(offered @ State::Offered(seen)) = was
            && seen.digest == *digest
            && matches!(listed, Some(Ok(_)))
        {
            // The same words, so the same tool: what stands around it stays.
            return offered.clone();
        }
        let offered = match listed {
            Some(Ok(listed)) => Seen::of(&self.link.name, listed, self.config.trust_hints),
            Some(Err(rejected)) => Err(rejected.problem),
            None => return State::Missing,
        };
        match offered {
            Ok(seen) => State::Offered(Arc::new(seen)),
            Err(problem) => State::Refused { problem },
        }
    }

    fn announce(&self, tool: &str, pin: &str, state: &State) {
        let upstream = &self.link.name;
        match state {
            State::Offered(_) => tracing::info!(upstream, tool, "an upstream's tool is offered"),
            State::Changed { digest } => tracing::error!(
                upstream,
                tool,
                pin,
                digest,
                "an upstream's tool says something else than when it was pinned, and is not offered: look at it, and pin it again with `ondol tools pin`"
            ),
            State::Refused { problem } => {
                tracing::error!(upstream, tool, "an upstream's tool cannot be offered: {problem}");
            }
            State::Missing => {
                tracing::warn!(upstream, tool, "an upstream does not have a tool that is pinned");
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        for (tool, _) in self.config.offered() {
            self.metrics.gone(&self.link.name, tool);
        }
    }
}

impl State {
    /// Whether nobody has to be told anything new.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Offered(seen), Self::Offered(other)) => Arc::ptr_eq(seen, other),
            (Self::Changed { digest }, Self::Changed { digest: other }) => digest == other,
            (Self::Refused { problem }, Self::Refused { problem: other }) => problem == other,
            (Self::Missing, Self::Missing) => true,
            _ => false,
        }
    }
}

impl Seen {
    /// A tool of a server, as it is called here; the error says why it cannot be offered.
    pub(super) fn of(server: &str, listed: Listed, trust_hints: bool) -> Result<Self, String> {
        let (name, digest, mirrors) = (listed.name.clone(), listed.digest.clone(), listed.mirrors.clone());
        let descriptor = describe::descriptor(&ours(server, &name), listed, trust_hints)?;
        Ok(Self { name, descriptor, mirrors, digest })
    }
}
