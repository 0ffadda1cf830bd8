//! Connections: made for one topology, shared by all calls, and left when their server is no longer the one to ask.

use std::time::Duration;

use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, Cmd, ConnectionInfo, RedisError, RedisResult, TlsCertificates,
    TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::{sync::Mutex, time::Instant};

use super::options::{RedisOptions, Topology};
use crate::AccountsError;

/// How old a connection may grow, so that moved addresses are noticed.
const OLDEST: Duration = Duration::from_mins(10);

/// A connection that many calls share: their questions and answers are in order, and nobody waits for a free one.
#[derive(Clone)]
pub(super) enum Wire {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Wire {
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        };
        answer?.extract_error()
    }
}

/// Makes connections, and keeps one.
pub(super) struct Connector {
    source: Source,
    timeout: Duration,
    current: Mutex<Option<Current>>,
}

#[derive(Clone)]
struct Current {
    wire: Wire,
    number: u64,
    since: Instant,
    is_bad: bool,
}

enum Source {
    Standalone(Box<Client>),
    Sentinel(Box<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

impl Connector {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, AccountsError> {
        options.check()?;
        let servers = options.servers()?;
        let certificates = options.certificates()?;
        let source = match options.topology {
            Topology::Standalone => standalone(&servers, certificates),
            Topology::Sentinel => sentinel(options, servers, certificates),
            Topology::Cluster => cluster(options, servers, certificates),
        };
        let source = source.map_err(|error| {
            AccountsError::setting("--accounts-redis-url", format!("cannot be used: {error}"))
        })?;
        Ok(Self { source, timeout: options.timeout, current: Mutex::new(None) })
    }

    /// The connection and its number. Who comes while one is being made waits for that one.
    pub(super) async fn get(&self) -> RedisResult<(Wire, u64)> {
        let mut current = self.current.lock().await;
        let fresh = current.as_ref().filter(|current| !current.is_bad && current.since.elapsed() < OLDEST);
        if let Some(Current { wire, number, .. }) = fresh {
            return Ok((wire.clone(), *number));
        }
        let number = current.as_ref().map_or(0, |current| current.number) + 1;
        let wire = self.connect().await?;
        *current = Some(Current { wire: wire.clone(), number, since: Instant::now(), is_bad: false });
        Ok((wire, number))
    }

    /// Has the connection of this number, and none that came after it, replaced at the next call.
    pub(super) async fn leave(&self, number: u64) {
        let mut current = self.current.lock().await;
        if let Some(bad) = current.as_mut().filter(|current| current.number == number) {
            bad.is_bad = true;
        }
    }

    async fn connect(&self) -> RedisResult<Wire> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        Ok(match &self.source {
            Source::Standalone(client) => {
                Wire::Single(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Source::Sentinel(sentinels) => {
                let client = sentinels.lock().await.async_get_client().await?;
                Wire::Single(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Source::Cluster(client) => Wire::Cluster(client.get_async_connection().await?),
        })
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
    if options.urls.iter().any(|url| url.starts_with("rediss://")) {
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
) -> RedisResult<Source> {
    let mut builder =
        ClusterClient::builder(servers).connection_timeout(options.timeout).response_timeout(options.timeout);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates);
    }
    Ok(Source::Cluster(Box::new(builder.build()?)))
}

fn missing() -> RedisError {
    (redis::ErrorKind::InvalidClientConfig, "no address").into()
}
