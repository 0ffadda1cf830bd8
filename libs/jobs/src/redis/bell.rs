//! How an idle worker hears of work.
//!
//! Enqueueing leaves a token in a list, and whoever waits on the list takes it. A token that is lost costs nothing but
//! time: a worker asks again when its wait is over.

use std::time::Duration;

use deadpool_redis::redis::{self, Value, aio::ConnectionLike};
use futures::future::{FutureExt, select_all};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};

use super::{
    connect::{Connector, Link},
    options::{RedisOptions, Topology},
    server::prefix,
};
use crate::{JobsError, Name};

/// Connections on which somebody waits. They are apart from the others: a blocking command holds up all behind it.
pub(super) struct Bell {
    connector: Connector,
    /// The keys' prefixes, in groups that one command can wait for: all of them, or in a cluster each alone.
    groups: Vec<Vec<String>>,
    idle: Vec<Mutex<Vec<Link>>>,
    timeout: Duration,
}

/// Blocking commands are given a little less time than the caller has, so that an answer is not left unheard.
const SHORTEST: Duration = Duration::from_millis(10);

impl Bell {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, JobsError> {
        let prefixes = (0..options.shards).map(|shard| prefix(&options.queue, shard as u8));
        let groups: Vec<Vec<String>> = match options.topology {
            Topology::Cluster => prefixes.map(|prefix| vec![prefix]).collect(),
            Topology::Standalone | Topology::Sentinel => vec![prefixes.collect()],
        };
        let idle = groups.iter().map(|_| Mutex::default()).collect();
        Ok(Self { connector: Connector::patient(options)?, groups, idle, timeout: options.timeout })
    }

    pub(super) async fn wait(&self, kinds: &[Name], most: Duration) {
        let deadline = Instant::now() + most;
        if kinds.is_empty() {
            return sleep_until(deadline).await;
        }
        let mut rings: Vec<_> =
            (0..self.groups.len()).map(|group| self.listen(group, kinds, most).boxed()).collect();
        while !rings.is_empty() {
            let (heard, _, others) = select_all(rings).await;
            if heard {
                return;
            }
            // Its time is over, or its server is away; the other members of a cluster still ring.
            rings = others;
        }
        sleep_until(deadline).await;
    }

    /// Whether the bell rang.
    async fn listen(&self, group: usize, kinds: &[Name], most: Duration) -> bool {
        let kept = self.idle[group].lock().await.pop();
        let mut link = match kept {
            Some(link) => link,
            None => match self.connector.connect().await {
                Ok(link) => link,
                Err(_away) => return false,
            },
        };
        let mut wait = redis::cmd("BLPOP");
        for prefix in &self.groups[group] {
            for kind in kinds {
                wait.arg(format!("{prefix}bell:{kind}"));
            }
        }
        wait.arg(most.max(SHORTEST).as_secs_f64());
        // A server that is frozen answers nothing at all.
        if let Ok(Ok(value)) = timeout(most + self.timeout, link.req_packed_command(&wait)).await {
            self.idle[group].lock().await.push(link);
            return !matches!(value, Value::Nil);
        }
        // What happened to this connection, a restart or a failover, happened to those beside it.
        self.idle[group].lock().await.clear();
        false
    }
}
