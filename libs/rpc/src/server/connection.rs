//! One connection, from its handshake to its last stream.

use std::{convert::Infallible, pin::pin, time::Duration};

use http::Extensions;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::{Connected, TcpConnectInfo};
use tower::{Service, ServiceExt};

use super::{
    Peer,
    heads::Heads,
    hearing::{Heard, Hearing},
    linger::Lingering,
    parting::Parting,
    read_out::ReadOut,
    stall::Stalls,
    unread::Unread,
};
use crate::{
    PeerNames,
    step::{Request, Response},
    tasks::Tasks,
};

/// How long a client may take for its TLS handshake, for the first bytes of its protocol, or for the headers of an
/// HTTP/1 request.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection over HTTP/1 may be without a request. Longer than load balancers keep theirs, which is a
/// minute by default: who closes first must be the one that sends the requests.
const REST: Duration = Duration::from_secs(75);
/// How long a client may take to answer a ping.
const PONG: Duration = Duration::from_secs(20);

/// How many headers a request over HTTP/1 may have.
const MOST_HEADERS: usize = 100;
/// How many bytes of headers a request over HTTP/2 may have.
const HEADER_BYTES: u32 = 64 * 1024;
/// How many bytes are read at once over HTTP/1, so that the head of a request has to fit into them.
const HTTP1_BUFFER: usize = 128 * 1024;
/// How many streams a client may open and reset before they are looked at; one more ends the connection.
const MOST_RESETS: usize = 64;
/// How many streams may end by a client's errors; one more ends the connection.
const MOST_ERRORS: usize = 256;

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) max_streams: u32,
    pub(super) max_age: Duration,
    pub(super) keepalive: Duration,
    /// How long a client may leave an answer.
    pub(super) patience: Duration,
    /// Owns the streams of all connections, which hyper runs as tasks of their own.
    pub(super) streams: Tasks,
    /// Tells clients over HTTP/1 to come back on another connection.
    pub(super) leaving: CancellationToken,
    /// Tells every connection to take no more streams.
    pub(super) closing: CancellationToken,
}

impl Connection {
    /// Serves one connection until it ends. Whatever goes wrong with it is the client's to notice.
    pub(super) async fn serve<C, S>(self, io: C, service: S)
    where
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let info = io.connect_info();
        let Some(tls) = self.tls.clone() else { return self.speak(io, info, None, service).await };
        match timeout(HANDSHAKE, tls.accept(io)).await {
            Ok(Ok(secured)) => {
                let names = PeerNames::of(secured.get_ref().1.peer_certificates());
                self.speak(secured, info, names, service).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("the TLS handshake took too long"),
        }
    }

    /// Speaks with whoever is at the other end: where that is, and the names in its certificate.
    async fn speak<C, I, S>(self, io: C, info: I, names: Option<PeerNames>, service: S)
    where
        C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        I: Clone + Send + Sync + 'static,
        S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
    {
        let unread = Unread::default();
        let service = service.map_request(move |mut request: Request| {
            introduce(request.extensions_mut(), info.clone(), names.clone());
            request
        });
        let stalls = Stalls::new();
        let (io, heard) = Hearing::new(Lingering::new(io, unread.clone()), stalls.clone());
        let parting = Parting::new(&self.leaving, heard.clone());
        let (watched, last) = (stalls.clone(), parting.clone());
        let service = service.map_response(move |response| watched.watch(last.tell(response)));
        let service = ReadOut::new(service, unread);
        let protocol = self.protocol(&heard);
        let mut connection =
            pin!(protocol.serve_connection(TokioIo::new(io), TowerToHyperService::new(service)));
        // Not all at the same age, or they would all arrive at the next pod together.
        let age = self.max_age.mul_f64(0.9 + 0.2 * fastrand::f64());
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = heard.silence(HANDSHAKE) => {
                tracing::debug!("a client connected and said nothing that is HTTP");
                return;
            }
            () = stalls.stalled(self.patience) => {
                tracing::debug!("a client asked for something and does not take it");
                return;
            }
            () = parting.due(age, &self.closing) => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    outcome = connection.as_mut() => outcome,
                    () = stalls.stalled(self.patience) => return,
                }
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(error, "a connection ended badly");
        }
    }

    fn protocol(&self, heard: &Heard) -> auto::Builder<Tasks> {
        let mut builder = auto::Builder::new(self.streams.clone());
        builder
            .http1()
            .timer(Heads::new(heard.clone(), HANDSHAKE))
            .header_read_timeout(REST)
            .max_headers(MOST_HEADERS)
            .max_buf_size(HTTP1_BUFFER);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.max_streams)
            .max_header_list_size(HEADER_BYTES)
            .max_pending_accept_reset_streams(Some(MOST_RESETS))
            .max_local_error_reset_streams(Some(MOST_ERRORS))
            .keep_alive_interval(self.keepalive)
            .keep_alive_timeout(PONG);
        builder
    }
}

/// Tells handlers, and the access log, who is at the other end.
fn introduce<I: Clone + Send + Sync + 'static>(
    extensions: &mut Extensions,
    info: I,
    names: Option<PeerNames>,
) {
    extensions.insert(info);
    if let Some(names) = names {
        extensions.insert(names);
    }
    let address = extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    if let Some(address) = address {
        extensions.insert(Peer(address));
    }
}
