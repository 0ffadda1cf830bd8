//! The task that follows a server: looks at its tools, calls off what was left, and says goodbye.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use rand::Rng;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep_until},
};

use super::{link::Link, peer::Peer};
use crate::sources::{Errand, Pending};

/// How often tools are looked at.
const USUALLY: Duration = Duration::from_mins(1);
/// The first wait for a server that is away; each later one is twice as long, up to the usual one.
const AT_FIRST: Duration = Duration::from_secs(1);

/// What follows `peer` until it is dropped or the process drains. `changed` is told when its tools are others.
pub(super) fn errand(peer: &Arc<Peer>, gone: oneshot::Receiver<()>, changed: Arc<Notify>) -> Errand {
    let follower = Follower {
        link: Arc::clone(&peer.link),
        peer: Arc::downgrade(peer),
        usually: peer.config.refresh.unwrap_or(USUALLY),
        failures: 0,
        changed,
    };
    Errand { name: "upstream", run: Box::new(|draining| Box::pin(follower.run(gone, draining))) }
}

struct Follower {
    link: Arc<Link>,
    peer: Weak<Peer>,
    usually: Duration,
    failures: u32,
    changed: Arc<Notify>,
}

impl Follower {
    async fn run(mut self, mut gone: oneshot::Receiver<()>, mut draining: Pending) {
        let link = Arc::clone(&self.link);
        // Held for as long as this runs, so that nothing else has it forget a call.
        let mut calling_off = std::pin::pin!(call_off(&link));
        let mut next = Instant::now();
        loop {
            tokio::select! {
                () = sleep_until(next) => {}
                _ = &mut gone => break,
                // The process is going away, and calls may still run: sessions end by themselves.
                () = &mut draining => return,
                () = &mut calling_off => return,
            }
            tokio::select! {
                wait = self.look() => next = Instant::now() + wait,
                () = &mut draining => return,
                () = &mut calling_off => return,
            }
        }
        link.close().await;
    }

    /// Looks, and says when to look again.
    async fn look(&mut self) -> Duration {
        // Held for the look only, so that it can be dropped while nobody looks.
        let Some(peer) = self.peer.upgrade() else { return self.usually };
        let Some(differs) = peer.look().await else {
            self.failures = self.failures.saturating_add(1);
            let wait = AT_FIRST.saturating_mul(1 << (self.failures - 1).min(16));
            // Apart, so that many do not come back at once.
            return wait.min(self.usually).mul_f64(rand::rng().random_range(0.75..1.0));
        };
        self.failures = 0;
        if differs {
            self.changed.notify_one();
        }
        self.usually
    }
}

/// Calls off what was left, for ever.
async fn call_off(link: &Link) {
    loop {
        link.call_off(link.next_left().await).await;
    }
}
