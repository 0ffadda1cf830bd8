//! What the suite runs on, and the words it speaks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use accounts::{
    Ask, Charge, Counters, KeyStore, Limits, MemoryCounters, MemoryKeys, RedisAccounts, RedisOptions,
    Settlement, Topology, Verdict,
};
use testkit::{Cluster, Redis};

pub const LEASE: Duration = Duration::from_mins(1);
/// Long enough for any machine; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A kind of store.
pub struct Subject {
    pub keys: Arc<dyn KeyStore>,
    pub counters: Arc<dyn Counters>,
    /// The same over another connection.
    pub other_keys: Arc<dyn KeyStore>,
    pub other_counters: Arc<dyn Counters>,
    next: AtomicU64,
    _server: Option<Redis>,
}

pub fn in_memory() -> Subject {
    let (keys, counters) = (Arc::new(MemoryKeys::default()), Arc::new(MemoryCounters::default()));
    Subject {
        keys: keys.clone(),
        counters: counters.clone(),
        other_keys: keys,
        other_counters: counters,
        next: AtomicU64::new(0),
        _server: None,
    }
}

/// Every test has a server of its own, which ends with it.
pub fn in_redis() -> Subject {
    let server = Redis::start().unwrap();
    at(&patient(RedisOptions::new(server.url(), "test")), Some(server))
}

pub fn in_valkey() -> Subject {
    let server = Redis::valkey().unwrap();
    at(&patient(RedisOptions::new(server.url(), "test")), Some(server))
}

/// The tests share the cluster, in which each has names of its own.
pub fn in_cluster(cluster: &Cluster, number: usize) -> Subject {
    let options = RedisOptions {
        urls: cluster.urls(),
        topology: Topology::Cluster,
        ..RedisOptions::new("", format!("test{number}"))
    };
    at(&patient(options), None)
}

/// A busy machine is no reason to fail.
fn patient(options: RedisOptions) -> RedisOptions {
    RedisOptions { timeout: PATIENCE, ..options }
}

fn at(options: &RedisOptions, server: Option<Redis>) -> Subject {
    let connection = || Arc::new(RedisAccounts::new(options).unwrap());
    let (one, other) = (connection(), connection());
    Subject {
        keys: one.clone(),
        counters: one,
        other_keys: other.clone(),
        other_counters: other,
        next: AtomicU64::new(0),
        _server: server,
    }
}

pub fn charge(account: &str, limits: Limits) -> Charge {
    Charge { account: account.to_owned(), limits }
}

impl Subject {
    pub fn ask(&self, tokens: u64, charges: &[Charge]) -> Ask {
        let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        Ask { id, tokens, lease: LEASE, charges: charges.to_vec() }
    }

    /// The id of the reservation, if there is one.
    pub async fn reserve(&self, tokens: u64, charges: &[Charge]) -> Option<String> {
        let ask = self.ask(tokens, charges);
        self.counters.reserve(&ask).await.unwrap().granted.then_some(ask.id)
    }

    /// How the accounts stand, found out by asking for what nobody can have.
    pub async fn look(&self, charges: &[Charge]) -> Verdict {
        let mut full = charges.to_vec();
        full.push(charge("nobody", Limits { tokens_per_day: Some(1), ..Limits::default() }));
        let verdict = self.counters.reserve(&self.ask(2, &full)).await.unwrap();
        assert!(!verdict.granted);
        verdict
    }

    /// What is left of each limit of one account.
    pub async fn left(&self, charge: &Charge) -> Vec<u64> {
        let verdict = self.look(std::slice::from_ref(charge)).await;
        verdict.tallies[0].levels(&charge.limits).map(|level| level.left).collect()
    }

    pub async fn settle(&self, id: &str, tokens: u64) {
        self.counters.settle(&[Settlement { id: id.to_owned(), tokens }]).await.unwrap();
    }
}

/// Looks again and again until it is so.
pub async fn eventually(mut look: impl AsyncFnMut() -> bool) {
    let mut pause = tokio::time::interval(Duration::from_millis(2));
    let all = async {
        while !look().await {
            pause.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("this should have come to be");
}
