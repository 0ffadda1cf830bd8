//! The one server stack, and how it is served.

mod arguments;
mod connection;
mod heads;
mod hearing;
mod linger;
mod listen;
mod parting;
mod read_out;
mod stall;
mod unread;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::Stream;
use httpjson::TranscodeLayer;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, service::Routes, transport::server::Connected};
use tower::{Service, ServiceBuilder, util::option_layer};
use tower_http::cors::CorsLayer;
use transcoding::Transcoder;

use crate::{
    BrowserArguments, RpcError, ServerMetrics, Trust,
    access_log::AccessLog,
    browsers,
    concurrency::LimitConcurrency,
    deadline::HoldDeadline,
    draining::{Calls, SeeOut},
    malformed::BlameMalformed,
    observe::Observe,
    panic::CatchPanic,
    plain::{AnswerPlainly, ErrorShape, RefuseAmbiguous, RefuseMisfits, keep_coming},
    request_id::NameRequest,
    step::{Request, Response, StepLayer},
    tls,
    trace::JoinTrace,
    turn_away::{Doorkeeper, Post, Tally, TurnAway, Watch},
};
pub use arguments::{MessageLimits, ServerArguments};
use listen::Listening;
pub use listen::bind;

/// The address of the other end, in a request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What a public door speaks besides gRPC.
#[derive(Clone, Debug)]
pub struct Public {
    /// JSON, for the rpcs that it knows.
    pub transcoder: Transcoder,
    /// Which pages may call.
    pub browsers: BrowserArguments,
    /// How errors are told at paths whose clients expect a form of their own.
    pub errors: ErrorShape,
}

/// The same, ready to serve.
#[derive(Clone)]
struct Tongues {
    transcoder: Transcoder,
    cors: Option<CorsLayer>,
    errors: ErrorShape,
}

/// A server of gRPC, and of plain HTTP beside it: settings, metrics and TLS, ready to serve routes.
#[derive(Clone)]
pub struct Server {
    arguments: ServerArguments,
    metrics: ServerMetrics,
    trust: Trust,
    name: Option<Arc<str>>,
    calls: Calls,
    leaving: CancellationToken,
    tls: Option<Arc<ServerConfig>>,
    tongues: Option<Tongues>,
    keepers: Vec<Doorkeeper>,
}

impl Server {
    /// A server that trusts no caller's word for the principal. Reads the TLS files, so that whatever is wrong with
    /// them is known before serving.
    pub fn new(arguments: &ServerArguments, metrics: ServerMetrics) -> Result<Self, RpcError> {
        arguments.check()?;
        let tls = match arguments.tls_identity()? {
            Some(identity) => Some(tls::server_config(&identity, arguments.tls_client_ca.as_deref())?),
            None => None,
        };
        Ok(Self {
            arguments: arguments.clone(),
            metrics,
            trust: Trust::Nobody,
            name: None,
            calls: Calls::new(),
            leaving: CancellationToken::new(),
            tls,
            tongues: None,
            keepers: Vec::new(),
        })
    }

    /// Chooses whose word is taken for the principal.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Has it speak JSON and gRPC-Web too.
    pub fn speaking(mut self, public: Public) -> Result<Self, RpcError> {
        let cors = public.browsers.layer()?;
        self.tongues = Some(Tongues { transcoder: public.transcoder, cors, errors: public.errors });
        Ok(self)
    }

    /// Names the server in its access log, for a process that has several.
    #[must_use]
    pub fn named(mut self, name: Option<Arc<str>>) -> Self {
        self.name = name;
        self
    }

    /// From when `leaving` is cancelled, every answer over HTTP/1 is the last one of its connection. It may be long
    /// before the end: no new connection is refused for it, and HTTP/2 needs no such warning.
    #[must_use]
    pub fn warned_by(mut self, leaving: CancellationToken) -> Self {
        self.leaving = leaving;
        self
    }

    /// Has calls turned away that this one knows, before anything is done for them.
    #[must_use]
    pub fn kept_by(mut self, keeper: Doorkeeper) -> Self {
        self.keepers.push(keeper);
        self
    }

    /// The stack around some routes. Read from the top: what a request meets first, and a response last.
    ///
    /// Calls that there is no room for are turned away before they cost anything: gRPC in front of all, everything else
    /// once it has become gRPC, or can be told in HTTP's own words. The id comes first of the rest, so that whatever
    /// follows can name the call. What can be read in several ways goes no further. Browsers' questions, gRPC-Web and
    /// JSON, whose bodies have to keep coming, are next: all that follows sees gRPC. Whoever does not speak gRPC is
    /// answered in HTTP's own words outside of all that watches, so that these see one set of codes. The span is next,
    /// so that whatever follows logs within it. The log and the metrics stand outside of everything else that can
    /// refuse a call, because a refused call must be seen too. The principal is settled before anything could act on
    /// it. The deadline stands outside of the limit and of what a drain waits for, so that an expired call gives its
    /// permit back. Undecodable requests are the caller's fault before anybody counts them as ours. Panics are caught
    /// innermost: to all the others they are one more `INTERNAL`.
    pub fn stack(
        &self,
        routes: Routes,
    ) -> impl Service<Request, Response = Response, Error = std::convert::Infallible, Future: Send>
    + Clone
    + Send
    + 'static {
        let arguments = &self.arguments;
        let methods = self.metrics.methods().clone();
        let (default, maximum) = (arguments.deadline(), arguments.max_deadline);
        let tongues = self.tongues.clone();
        let grpc_web = tongues.as_ref().map(|_| browsers::grpc_web());
        let shape = tongues.as_ref().map(|tongues| tongues.errors);
        let (json, cors) = match tongues {
            Some(tongues) => (Some(TranscodeLayer::new(tongues.transcoder, Body::new)), tongues.cors),
            None => (None, None),
        };
        let room = LimitConcurrency::new(arguments.max_concurrency, arguments.max_message_bytes);
        let watch = self.watch(room.clone());
        ServiceBuilder::new()
            .layer(TurnAway::new(Post::Front, &watch))
            .layer(StepLayer(NameRequest))
            .layer(RefuseAmbiguous { shape })
            .layer(browsers::cors(cors))
            .layer(option_layer(grpc_web))
            .map_request(keep_coming)
            .layer(option_layer(json))
            .layer(StepLayer(AnswerPlainly { shape }))
            .layer(TurnAway::new(Post::Behind, &watch))
            .layer(StepLayer(JoinTrace { methods: methods.clone() }))
            .layer(StepLayer(Observe(AccessLog { service: self.name.clone() })))
            .layer(StepLayer(Observe(self.metrics.clone())))
            .layer(StepLayer(RefuseMisfits { methods }))
            .layer(StepLayer(self.trust))
            .layer(StepLayer(HoldDeadline { default, maximum }))
            .layer(StepLayer(SeeOut(self.calls.clone())))
            .layer(StepLayer(room))
            .layer(StepLayer(BlameMalformed))
            .layer(CatchPanic)
            .service(routes)
    }

    fn watch(&self, room: LimitConcurrency) -> Arc<Watch> {
        let (keepers, metrics) = (self.keepers.clone(), self.metrics.clone());
        Arc::new(Watch { room, keepers, metrics, tally: Tally::new(self.name.clone()) })
    }

    /// Serves the routes to whoever comes in, until `shutdown` is ready. Then nobody new is let in, what runs may
    /// finish within `grace`, and what is left then is cut off.
    pub async fn serve<L, C>(
        self,
        incoming: L,
        routes: Routes,
        shutdown: impl Future<Output = ()> + Send,
        grace: Duration,
    ) where
        L: Stream<Item = std::io::Result<C>> + Send,
        C: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let service = self.stack(routes.prepare());
        Listening::new(&self.arguments, self.tls.clone(), self.calls.clone(), self.leaving.clone())
            .run(incoming, service, shutdown, grace)
            .await;
    }
}
