//! The layer: which requests are calls, and how they go in and come out.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Either, ready},
};
use http::{
    HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE},
    uri::PathAndQuery,
};
use http_body::Body;
use http_body_util::combinators::UnsyncBoxBody;
use tower::{Layer, Service};
use transcoding::{Found, Route, Transcoder, TranscodingError};

use crate::{
    accept,
    call::{Call, Outcome},
    events, headers,
    refusal::{self, Refusal},
    status, unary,
};

/// An error of whatever kind, as bodies have it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The bodies that this layer makes.
pub type JsonBody = UnsyncBoxBody<Bytes, Infallible>;

/// Puts JSON in front of a gRPC service. See [`Transcode`].
#[derive(Debug)]
pub struct TranscodeLayer<B> {
    transcoder: Transcoder,
    wrap: fn(JsonBody) -> B,
}

/// A gRPC service that also takes JSON.
///
/// Requests for an rpc (see [`Transcoder::find`]) reach the inner service as gRPC over HTTP/2 with all their headers but those
/// of the body and the connection, `grpc-timeout` among them; what it answers becomes JSON. All others pass untouched.
///
/// - A stream is `text/event-stream` where that is accepted, else a JSON document on each line.
/// - An error is an [`error_document`](crate::error_document) with HTTP's status for gRPC's code; within a stream it is
///   the last line, or the last event, of the type `error`. A stream of events that ended well ends with an event `end`.
/// - `HEAD` is `GET` without the body; `OPTIONS` and what is not taken are answered with `Allow`.
pub struct Transcode<S, B> {
    inner: S,
    transcoder: Transcoder,
    wrap: fn(JsonBody) -> B,
}

impl<B> TranscodeLayer<B> {
    /// `wrap` makes the inner service's bodies of ours: `tonic::body::Body::new`, or axum's.
    pub fn new(transcoder: Transcoder, wrap: fn(JsonBody) -> B) -> Self {
        Self { transcoder, wrap }
    }
}

impl<B> Clone for TranscodeLayer<B> {
    fn clone(&self) -> Self {
        Self { transcoder: self.transcoder.clone(), wrap: self.wrap }
    }
}

impl<S, B> Layer<S> for TranscodeLayer<B> {
    type Service = Transcode<S, B>;

    fn layer(&self, inner: S) -> Transcode<S, B> {
        Transcode { inner, transcoder: self.transcoder.clone(), wrap: self.wrap }
    }
}

impl<S: Clone, B> Clone for Transcode<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), transcoder: self.transcoder.clone(), wrap: self.wrap }
    }
}

impl<S, B> Service<Request<B>> for Transcode<S, B>
where
    S: Service<Request<B>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<B>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match choose(&self.transcoder, &request) {
            Choice::Pass => Either::Left(self.inner.call(request)),
            Choice::Answer(response) => Either::Right(ready(Ok(response.map(self.wrap))).boxed()),
            Choice::Call(route) => {
                let (request, exchange) = self.exchange(*route, request);
                let pending = self.inner.call(request);
                let wrap = self.wrap;
                let answer = async move { Ok(exchange.answer(pending.await?, wrap).await) };
                Either::Right(answer.boxed())
            }
        }
    }
}

/// What is done with a request.
enum Choice {
    /// It is none of ours.
    Pass,
    Answer(Response<JsonBody>),
    Call(Box<Route>),
}

fn choose<B>(transcoder: &Transcoder, request: &Request<B>) -> Choice {
    if headers::is_grpc(request.headers()) {
        return Choice::Pass;
    }
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    match transcoder.find(method, request.uri().path()) {
        Found::Nothing => Choice::Pass,
        // Whoever does not say that it is JSON may mean something else by the path of a gRPC method.
        Found::Route(route) if route.is_implied() && !headers::is_json(request.headers()) => Choice::Pass,
        Found::Route(route) => Choice::Call(Box::new(route)),
        Found::OtherMethods(allowed) => Choice::Answer(other_method(request.method(), allowed)),
    }
}

/// The answer where a path is not taken with this method: what it is taken with.
fn other_method(method: &Method, mut allowed: Vec<Method>) -> Response<JsonBody> {
    if allowed.contains(&Method::GET) {
        allowed.push(Method::HEAD);
    }
    allowed.push(Method::OPTIONS);
    let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
    let names = HeaderValue::from_str(&names.join(", "));
    let mut response = if method == Method::OPTIONS {
        let mut response = Response::new(refusal::body(Bytes::new()));
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    } else {
        let refused = Refusal::of(&TranscodingError::MethodNotAllowed { allowed });
        refused.response(Response::new(()).into_parts().0, method == Method::HEAD)
    };
    // Methods are always header values.
    if let Ok(names) = names {
        response.headers_mut().insert(ALLOW, names);
    }
    response
}

/// What is remembered of a request until its answer.
pub(crate) struct Exchange {
    pub(crate) transcoder: Transcoder,
    pub(crate) route: Route,
    pub(crate) outcome: Outcome,
    version: Version,
    pub(crate) head: bool,
    pub(crate) events: bool,
}

impl<S, B> Transcode<S, B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// The request as gRPC has it.
    fn exchange(&self, route: Route, request: Request<B>) -> (Request<B>, Exchange) {
        let (mut parts, body) = request.into_parts();
        let refused = refused(&self.transcoder, &route, &parts, body.is_end_stream());
        let exchange = Exchange {
            transcoder: self.transcoder.clone(),
            outcome: Outcome::default(),
            version: parts.version,
            head: parts.method == Method::HEAD,
            events: accept::wants_events(&parts.headers),
            route: route.clone(),
        };
        let query = parts.uri.query().unwrap_or_default().to_owned();
        parts.method = Method::POST;
        parts.version = Version::HTTP_2;
        parts.uri = at(parts.uri, route.rpc().path());
        headers::into_grpc(&mut parts.headers);
        let limit = self.transcoder.limits().body_bytes;
        let call = Call::new(route, query, body, (limit, Arc::clone(&exchange.outcome), refused));
        (Request::from_parts(parts, (self.wrap)(JsonBody::new(call))), exchange)
    }
}

/// What is wrong with a request before its body is looked at.
fn refused(
    transcoder: &Transcoder,
    route: &Route,
    parts: &http::request::Parts,
    empty: bool,
) -> Option<TranscodingError> {
    let limit = transcoder.limits().uri_bytes;
    if parts.uri.path_and_query().is_some_and(|uri| uri.as_str().len() > limit) {
        return Some(TranscodingError::UriTooLong { limit });
    }
    if empty || !route.takes_body() {
        return None;
    }
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if parts.headers.get(CONTENT_ENCODING).is_some_and(|value| !plain(value)) {
        return Some(TranscodingError::ContentType { problem: "the body is compressed" });
    }
    let problem = match parts.headers.get(CONTENT_TYPE) {
        _ if headers::is_json(&parts.headers) => return None,
        Some(_) => "the body is something else than JSON",
        None => "the body has no type",
    };
    Some(TranscodingError::ContentType { problem })
}

/// The same address with another path, and without a query.
fn at(uri: Uri, path: &str) -> Uri {
    let mut parts = uri.into_parts();
    // Names of services and methods are always a path.
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

impl Exchange {
    async fn answer<B>(self, response: Response<B>, wrap: fn(JsonBody) -> B) -> Response<B>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut parts, body) = response.into_parts();
        parts.version = self.version;
        // Something in between has answered in HTTP's own words.
        if !headers::is_grpc(&parts.headers) {
            return Response::from_parts(parts, body);
        }
        let ended = status::ended(&parts.headers);
        headers::from_grpc(&mut parts.headers);
        if let Some(error) = self.outcome.get() {
            return Refusal::of(error).response(parts, self.head).map(wrap);
        }
        match ended {
            Some(status) if !status.is_ok() => {
                Refusal::of_status(&status, &self.transcoder).response(parts, self.head).map(wrap)
            }
            ended if self.route.rpc().streams() => events::answer(self, parts, body, ended).map(wrap),
            _ => unary::answer(self, parts, body).await.map(wrap),
        }
    }
}
