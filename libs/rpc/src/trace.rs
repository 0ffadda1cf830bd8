//! One span to a call, joined to its caller's trace by the W3C headers.

use std::task::Context;

use telemetry::trace::{IncomingHeaders, OutgoingHeaders, continue_from, propagate};
use tonic::Status;
use tracing::{Instrument, Span, info_span};

use crate::{
    Methods,
    request_id::RequestId,
    step::{BodyStep, Inner, Polled, Request, Response, Step},
};

/// The span of a call, kept in the request's extensions for the steps further in.
#[derive(Clone)]
pub(crate) struct CallSpan(pub(crate) Span);

impl CallSpan {
    /// The span of a request that a trace step has seen.
    pub(crate) fn of(request: &Request) -> Span {
        request.extensions().get::<Self>().map_or_else(Span::none, |span| span.0.clone())
    }
}

/// The server's side: continues the trace that the request's headers name.
#[derive(Clone)]
pub(crate) struct JoinTrace {
    pub(crate) methods: Methods,
}

impl Step for JoinTrace {
    type Call = Span;

    fn start(&self, request: &mut Request) -> Result<Span, Status> {
        let name = self.methods.shown(request);
        let shown = name.trim_start_matches('/');
        let plain = name.contains(' ');
        let id = request.extensions().get::<RequestId>().map(RequestId::as_str);
        let span = info_span!(
            "call",
            otel.name = shown,
            otel.kind = "server",
            rpc.system.name = if plain { "http" } else { "grpc" },
            rpc.method = shown,
            req_id = id,
            principal = tracing::field::Empty,
        );
        continue_from(&span, &IncomingHeaders(request.headers()));
        request.extensions_mut().insert(CallSpan(span.clone()));
        Ok(span)
    }

    async fn finish(span: Span, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        within(span, pending).await
    }
}

/// The client's side: a span of its own, named to the peer in the request's headers.
#[derive(Clone)]
pub(crate) struct PropagateTrace {
    pub(crate) upstream: &'static str,
}

impl Step for PropagateTrace {
    type Call = Span;

    fn start(&self, request: &mut Request) -> Result<Span, Status> {
        let shown = request.uri().path().trim_start_matches('/');
        let span = info_span!(
            "upstream call",
            otel.name = shown,
            otel.kind = "client",
            rpc.system.name = "grpc",
            rpc.method = shown,
            upstream = self.upstream,
        );
        propagate(&span, &mut OutgoingHeaders(request.headers_mut()));
        request.extensions_mut().insert(CallSpan(span.clone()));
        Ok(span)
    }

    async fn finish(span: Span, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        within(span, pending).await
    }
}

/// The id of the trace that this code runs in, where somebody keeps it: what an exemplar points to. Ask inside the
/// call, not in a task of its own.
pub fn kept_trace() -> Option<String> {
    telemetry::trace::kept(&Span::current()).map(|trace| trace.to_string())
}

/// The service and the method of a gRPC path, `/package.Service/Method`; nothing where it is none.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.trim_start_matches('/').split_once('/').unwrap_or(("", ""))
}

async fn within(span: Span, pending: impl Future<Output = Response>) -> Response {
    let response = pending.instrument(span.clone()).await;
    response.map(|body| EnterSpan(span).around(body))
}

/// Has the body produced inside the call's span.
struct EnterSpan(Span);

impl BodyStep for EnterSpan {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let _entered = self.0.enter();
        inner.poll(cx)
    }
}
