//! Which addresses a name has, now and later.

use std::{io, net::SocketAddr, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use tokio::{
    net::lookup_host,
    time::{sleep, timeout},
};

use super::{
    UpstreamSettings,
    backoff::{Backoff, jittered},
    connect::Connecting,
    failure::{ConnectFailure, Obstacle},
};

/// The least time between two look-ups, however many connections break.
const GAP: Duration = Duration::from_secs(1);
/// How long a look-up may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Finds the addresses of an upstream.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses, in any order. No address at all is treated as an error: what was known stays in use.
    fn resolve(&self) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
#[derive(Clone, Debug)]
pub struct Dns {
    host: String,
    port: u16,
}

impl Dns {
    /// Resolves the host of the URL.
    pub fn new(settings: &UpstreamSettings) -> Self {
        let secure = settings.url.scheme_str() == Some("https");
        let port = settings.url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        // The brackets of an IPv6 address belong to the URL only.
        let host = settings.url.host().unwrap_or_default().trim_matches(['[', ']']);
        Self { host: host.to_owned(), port }
    }
}

impl Resolve for Dns {
    fn resolve(&self) -> BoxFuture<'_, io::Result<Vec<SocketAddr>>> {
        async { Ok(lookup_host((self.host.as_str(), self.port)).await?.collect()) }.boxed()
    }
}

/// Looks the name up for ever: regularly, soon after a connection broke, and with backoff while it fails.
pub(super) async fn keep_resolved(resolver: impl Resolve, connecting: Connecting, every: Duration) {
    let pool = connecting.pool().clone();
    let closing = pool.closing();
    let forever = async {
        let mut backoff = Backoff::new(GAP, every.max(GAP));
        loop {
            let losses = pool.losses();
            let found = timeout(PATIENCE, resolver.resolve()).await.unwrap_or_else(|_| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "the look-up took too long"))
            });
            let wait = match found {
                Ok(addresses) if !addresses.is_empty() => {
                    connecting.adopt(&addresses, losses);
                    backoff.reset();
                    jittered(every)
                }
                nothing => {
                    let error = nothing.err().unwrap_or_else(|| io::Error::other("no address"));
                    pool.failure().note(ConnectFailure::new(Obstacle::Name, &error));
                    tracing::warn!(
                        upstream = pool.name(),
                        %error,
                        "cannot resolve the name: using what is known"
                    );
                    pool.unresolved(losses);
                    backoff.next()
                }
            };
            sleep(GAP).await;
            tokio::select! {
                () = sleep(wait.saturating_sub(GAP)) => {}
                () = pool.doubted() => {}
            }
        }
    };
    closing.run_until_cancelled(forever).await;
}
