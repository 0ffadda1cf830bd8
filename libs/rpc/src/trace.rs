//! One span to a call, joined to its caller's trace by the W3C headers.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use telemetry::trace::{IncomingHeaders, OutgoingHeaders, continue_from, propagate};
use tonic::{Status, body::Body};
use tracing::{Instrument, Span, info_span};

use crate::{
    request_id::RequestId,
    step::{Request, Response, Step},
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
pub(crate) struct JoinTrace;

impl Step for JoinTrace {
    type Call = Span;

    fn start(&self, request: &mut Request) -> Result<Span, Status> {
        let (service, method) = split(request.uri().path());
        let id = request.extensions().get::<RequestId>().map(RequestId::as_str);
        let span = info_span!(
            "call",
            otel.name = request.uri().path().trim_start_matches('/'),
            otel.kind = "server",
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
            req_id = id,
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
        let (service, method) = split(request.uri().path());
        let span = info_span!(
            "upstream call",
            otel.name = request.uri().path().trim_start_matches('/'),
            otel.kind = "client",
            rpc.system = "grpc",
            rpc.service = service,
            rpc.method = method,
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

/// The two last parts of a gRPC path: `/package.Service/Method`.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.trim_start_matches('/').split_once('/').unwrap_or(("", ""))
}

async fn within(span: Span, pending: impl Future<Output = Response>) -> Response {
    let response = pending.instrument(span.clone()).await;
    response.map(|body| Body::new(Spanned { span, body }))
}

/// A body that is produced inside the call's span.
struct Spanned {
    span: Span,
    body: Body,
}

impl http_body::Body for Spanned {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let _entered = this.span.enter();
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
