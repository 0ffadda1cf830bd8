//! Connections: made, kept fresh, and thrown away when their server is no longer the one to ask.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use deadpool::managed::{Manager, Metrics, Pool, RecycleError, RecycleResult};
use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, RedisError, RedisFuture, RedisResult,
    TlsCertificates, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::sync::Mutex;

use super::options::{RedisOptions, Topology};
use crate::JobsError;

/// One connection, or in a cluster one to each of its members.
pub(super) struct Link {
    wire: Wire,
    /// Set by whoever had a bad answer on it: a demoted primary or a broken socket.
    is_spent: AtomicBool,
}

enum Wire {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Has the connection closed instead of used again.
    pub(super) fn spend(&self) {
        self.is_spent.store(true, Ordering::Relaxed);
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.wire {
            Wire::Single(connection) => connection.req_packed_command(cmd),
            Wire::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.wire {
            Wire::Single(connection) => connection.req_packed_commands(commands, offset, count),
            Wire::Cluster(connection) => connection.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match &self.wire {
            Wire::Single(connection) => connection.get_db(),
            Wire::Cluster(connection) => connection.get_db(),
        }
    }
}

/// Makes connections of one topology. deadpool-redis has a manager for each, but those for sentinels and clusters take
/// neither a time limit for answers nor certificates, and all of them spend a round trip on a PING before every use,
/// which a demoted primary answers as well as any.
pub(super) struct Connector {
    source: Source,
    /// For an answer; `None` for connections on which somebody waits.
    answer: Option<Duration>,
    timeout: Duration,
    age: Duration,
}

enum Source {
    Standalone(Box<Client>),
    Sentinel(Box<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

impl Connector {
    /// Connections for questions that are answered at once.
    pub(super) fn prompt(options: &RedisOptions) -> Result<Self, JobsError> {
        Self::new(options, Some(options.timeout))
    }

    /// Connections for blocking commands. The library's default of 500 ms for any answer counts for those too, and a
    /// token that arrives later would be lost.
    pub(super) fn patient(options: &RedisOptions) -> Result<Self, JobsError> {
        Self::new(options, None)
    }

    fn new(options: &RedisOptions, answer: Option<Duration>) -> Result<Self, JobsError> {
        let servers = options.servers()?;
        let certificates = options.certificates()?;
        let source = match options.topology {
            Topology::Standalone => standalone(&servers, certificates),
            Topology::Sentinel => sentinel(options, servers, certificates),
            Topology::Cluster => cluster(options, servers, certificates, answer),
        };
        let source = source.map_err(|error| JobsError::InvalidSetting {
            flag: "--redis-url",
            problem: format!("cannot be used: {error}"),
        })?;
        Ok(Self { source, answer, timeout: options.timeout, age: options.connection_age })
    }

    /// One connection.
    pub(super) async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(self.answer);
        let wire = match &self.source {
            Source::Standalone(client) => {
                Wire::Single(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Source::Sentinel(sentinels) => {
                let client = sentinels.lock().await.async_get_client().await?;
                Wire::Single(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Source::Cluster(client) => Wire::Cluster(client.get_async_connection().await?),
        };
        Ok(Link { wire, is_spent: AtomicBool::new(false) })
    }
}

fn standalone(servers: &[ConnectionInfo], certificates: Option<TlsCertificates>) -> RedisResult<Source> {
    let Some(server) = servers.first().cloned() else { return Err(missing()) };
    Ok(Source::Standalone(Box::new(match certificates {
        Some(certificates) => Client::build_with_tls(server, certificates)?,
        None => Client::open(server)?,
    })))
}

fn sentinel(
    options: &RedisOptions,
    servers: Vec<ConnectionInfo>,
    certificates: Option<TlsCertificates>,
) -> RedisResult<Source> {
    let Some(settings) = servers.first().map(|server| server.redis_settings().clone()) else {
        return Err(missing());
    };
    let tls = options.urls.iter().any(|url| url.starts_with("rediss://"));
    let addresses: Vec<_> = servers.into_iter().map(|server| server.addr().clone()).collect();
    let mut builder =
        SentinelClientBuilder::new(addresses, options.service.clone(), SentinelServerType::Master)?
            .set_client_to_redis_db(settings.db());
    if let Some(user) = settings.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = settings.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        builder = builder.set_client_to_sentinel_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates {
        builder = builder.set_client_to_redis_certificates(certificates.clone());
        builder = builder.set_client_to_sentinel_certificates(certificates);
    }
    Ok(Source::Sentinel(Box::new(Mutex::new(builder.build()?))))
}

fn cluster(
    options: &RedisOptions,
    servers: Vec<ConnectionInfo>,
    certificates: Option<TlsCertificates>,
    answer: Option<Duration>,
) -> RedisResult<Source> {
    let mut builder = ClusterClient::builder(servers).connection_timeout(options.timeout);
    // Without a limit here the library has one of its own; this one is beyond any wait.
    builder = builder.response_timeout(answer.unwrap_or(Duration::from_hours(1)));
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    Ok(Source::Cluster(Box::new(builder.build()?)))
}

fn missing() -> RedisError {
    (redis::ErrorKind::InvalidClientConfig, "no address").into()
}

impl Manager for Connector {
    type Type = Link;
    type Error = RedisError;

    async fn create(&self) -> RedisResult<Link> {
        self.connect().await
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<RedisError> {
        if link.is_spent.load(Ordering::Relaxed) {
            return Err(RecycleError::message("the connection had a bad answer"));
        }
        if metrics.age() > self.age {
            return Err(RecycleError::message("the connection is old"));
        }
        Ok(())
    }
}

/// The pool of connections for questions.
pub(super) fn pool(options: &RedisOptions) -> Result<Pool<Connector>, JobsError> {
    let pool = Pool::builder(Connector::prompt(options)?)
        .max_size(options.connections)
        .wait_timeout(Some(options.timeout))
        .create_timeout(Some(options.timeout))
        .runtime(deadpool::Runtime::Tokio1)
        .build();
    pool.map_err(|error| JobsError::redis("make a pool of connections", error))
}
