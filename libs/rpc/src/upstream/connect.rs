//! Keeps one HTTP/2 connection to every address.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::body::Body;

use super::{
    Connector, UpstreamSettings,
    backoff::Backoff,
    connector::Io,
    endpoint::{Endpoint, Link},
    failure::{ConnectFailure, Obstacle},
    pool::Pool,
};
use crate::tasks::Tasks;

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A connection that lived so long did work: the next one is made at once.
const STABLE: Duration = Duration::from_secs(10);
/// How often an idle or busy connection is probed, so that a pod that vanished is noticed.
const PING: Duration = Duration::from_secs(20);
const PONG: Duration = Duration::from_secs(10);

type Http2 = http2::Connection<TokioIo<Box<dyn Io>>, Body, Tasks>;

/// Makes the connections of a pool.
#[derive(Clone)]
pub(super) struct Connecting {
    connector: Connector,
    patience: Duration,
    pool: Arc<Pool>,
    tasks: Tasks,
}

impl Connecting {
    pub(super) fn new(
        settings: &UpstreamSettings,
        connector: Connector,
        pool: Arc<Pool>,
        tasks: Tasks,
    ) -> Self {
        Self { connector, patience: settings.connect_timeout, pool, tasks }
    }

    pub(super) const fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Makes these the pool's addresses, and connects to the new ones.
    pub(super) fn adopt(&self, addresses: &[SocketAddr], losses: u64) {
        for endpoint in self.pool.replace(addresses, losses) {
            self.tasks.spawn(self.clone().keep_connected(endpoint));
        }
    }

    /// Connects, again and again, until the address is retired; what runs on the last connection may end.
    async fn keep_connected(self, endpoint: Arc<Endpoint>) {
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let retired = endpoint.retired();
        loop {
            let (began, attempt) = (Instant::now(), self.pool.attempt());
            let Some(opened) = retired.run_until_cancelled(self.open(endpoint.address())).await else {
                return;
            };
            let lived = match opened {
                Ok((sender, connection)) => self.drive(&endpoint, sender, connection, attempt).await,
                Err(error) => {
                    tracing::warn!(upstream = self.pool.name(), pod = %endpoint.address(), %error, "cannot connect");
                    self.pool.failure().note(error);
                    Duration::ZERO
                }
            };
            if retired.is_cancelled() {
                // Its last calls have ended, long after the name had lost it: nobody's loss.
                return;
            }
            if lived >= STABLE {
                backoff.reset();
                self.pool.link(&endpoint, Link::Connecting);
                continue;
            }
            self.pool.link(&endpoint, Link::Failed(attempt));
            let rest = rest(&endpoint, began + FIRST_WAIT, backoff.next());
            if retired.run_until_cancelled(rest).await.is_none() {
                return;
            }
        }
    }

    async fn open(&self, address: SocketAddr) -> Result<(SendRequest<Body>, Http2), ConnectFailure> {
        let opening = async {
            let io = self.connector.open(address).await?;
            http2::Builder::new(self.tasks.clone())
                .timer(TokioTimer::new())
                .keep_alive_interval(PING)
                .keep_alive_timeout(PONG)
                .keep_alive_while_idle(true)
                .handshake(TokioIo::new(io))
                .await
                .map_err(|error| ConnectFailure::new(Obstacle::Protocol, &error))
        };
        let too_long = |_| ConnectFailure::new(Obstacle::Address, &io::Error::from(io::ErrorKind::TimedOut));
        timeout(self.patience, opening).await.map_err(too_long)?
    }

    /// Runs a connection until it takes no more calls, and returns how long it did. Calls on it go on: hyper runs
    /// them as tasks of their own.
    async fn drive(
        &self,
        endpoint: &Endpoint,
        sender: SendRequest<Body>,
        mut connection: Http2,
        attempt: u64,
    ) -> Duration {
        let since = Instant::now();
        self.pool.link(endpoint, Link::Ready(sender));
        let outcome = tokio::select! {
            outcome = &mut connection => outcome,
            () = endpoint.retired().cancelled() => {
                // Dropping the sender lets the connection end once nothing runs on it.
                endpoint.set_link(Link::Failed(attempt));
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(upstream = self.pool.name(), pod = %endpoint.address(), %error, "a connection broke");
            self.pool.failure().note_broken(&error);
        }
        since.elapsed()
    }
}

/// The time between two attempts: `wait`, or less when a call is waiting, but never before `earliest`.
async fn rest(endpoint: &Endpoint, earliest: Instant, wait: Duration) {
    let wanted = async {
        endpoint.wanted().await;
        sleep_until(earliest).await;
    };
    // Either is a good reason to go on.
    let _ = timeout(wait, wanted).await;
}
