//! Where jobs, artifacts, keys and counters are kept, if anywhere.

use std::{sync::Arc, time::Duration};

use accounts::{Clock, Counters, KeyStore, MemoryCounters, RedisAccounts};
use fault::Chain;
use jobs::{Policies, Queue, RedisQueue};
use objects::Objects;
use runtime::Life;
use tokio::{sync::watch, time::sleep};

use crate::{ApiError, Arguments};

/// How often the queue is asked whether it is there.
const ASK: Duration = Duration::from_secs(2);
/// How often a store that can be used is looked at: each look is a request that S3 charges for.
const LOOK: Duration = Duration::from_secs(30);

/// What api keeps jobs, artifacts and keys in. Without one of them, what needs it is answered `UNIMPLEMENTED`.
#[derive(Clone, Default)]
pub struct Backends {
    /// Where jobs go.
    pub queue: Option<Arc<dyn Queue>>,
    /// Where artifacts are.
    pub objects: Option<Arc<dyn Objects>>,
    /// Where keys are that are created while the service runs; without it only those of the file open the door.
    pub keys: Option<Arc<dyn KeyStore>>,
    /// Where use is counted, for limits; without it by this process alone.
    pub counters: Option<Arc<dyn Counters>>,
}

impl Backends {
    /// Those that the arguments name. None is reached yet: api starts while they are away.
    pub(crate) async fn open(arguments: &Arguments) -> Result<Self, ApiError> {
        let queue = match arguments.redis.clone() {
            Some(redis) => {
                Some(Arc::new(RedisQueue::new(redis.options()?, Policies::default())?) as Arc<dyn Queue>)
            }
            None => None,
        };
        let objects = match &arguments.objects {
            Some(objects) => Some(objects.open().await?),
            None => None,
        };
        let accounts = match arguments.accounts.clone().options() {
            Some(options) => Some(Arc::new(RedisAccounts::new(&options)?)),
            None => None,
        };
        let keys = accounts.clone().map(|accounts| accounts as Arc<dyn KeyStore>);
        let counters = accounts.map(|accounts| accounts as Arc<dyn Counters>);
        Ok(Self { queue, objects, keys, counters })
    }

    /// Where use is counted.
    pub(crate) fn counters(&self) -> Arc<dyn Counters> {
        self.counters.clone().unwrap_or_else(|| Arc::new(MemoryCounters::new(Clock::default())))
    }

    /// Whether the queue can be reached, as it is asked again and again until `life` drains.
    pub(crate) fn queue_reachable(&self, life: &Life) -> watch::Receiver<bool> {
        let (told, reachable) = watch::channel(false);
        if let Some(queue) = self.queue.clone() {
            let draining = life.draining();
            life.spawn("queue", async move {
                tokio::select! {
                    () = draining => {}
                    () = ask(queue.as_ref(), told) => {}
                }
            });
        }
        reachable
    }

    /// Waits until the store has cleaned up behind uploads that were given up. For when no call uses it any more.
    pub(crate) async fn close(self) {
        if let Some(objects) = self.objects {
            objects.close().await;
        }
    }

    /// Whether the store can be reached and is set up rightly, as it is asked again and again until `life` drains.
    pub(crate) fn store_reachable(&self, life: &Life) -> watch::Receiver<bool> {
        let (told, reachable) = watch::channel(false);
        if let Some(objects) = self.objects.clone() {
            let draining = life.draining();
            life.spawn("store", async move {
                tokio::select! {
                    () = draining => {}
                    () = look(objects.as_ref(), told) => {}
                }
            });
        }
        reachable
    }
}

/// Looks at the store for ever. Only changes are logged, with what to do.
async fn look(objects: &dyn Objects, told: watch::Sender<bool>) {
    let mut known = None;
    loop {
        let answer = objects.check().await;
        let reached = answer.is_ok();
        if known.replace(reached) != Some(reached) {
            match answer {
                Ok(()) => tracing::info!("the object store can be used"),
                Err(problem) => tracing::warn!("cannot use the object store: {}", Chain(&problem)),
            }
            told.send_replace(reached);
        }
        sleep(if reached { LOOK } else { ASK }).await;
    }
}

/// Asks for ever. Only changes are logged.
async fn ask(queue: &dyn Queue, told: watch::Sender<bool>) {
    let mut known = None;
    loop {
        let answer = queue.stats().await;
        let reached = answer.is_ok();
        if known.replace(reached) != Some(reached) {
            match answer {
                Ok(_) => tracing::info!("the queue can be reached"),
                Err(problem) => tracing::warn!("cannot reach the queue: {}", Chain(&problem)),
            }
            told.send_replace(reached);
        }
        sleep(ASK).await;
    }
}
