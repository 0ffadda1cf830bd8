//! A gRPC service that each test writes, byte by byte, behind the layer.

use std::{convert::Infallible, future::ready};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, Full, StreamBody, combinators::UnsyncBoxBody};
use httpjson::{BoxError, JsonBody, TranscodeLayer};
use tower::{Layer, Service, ServiceExt, service_fn};
use transcoding::Transcoder;

pub type Body = UnsyncBoxBody<Bytes, BoxError>;
pub type Part = Result<Frame<Bytes>, BoxError>;

fn wrap(body: JsonBody) -> Body {
    body.map_err(|never| match never {}).boxed_unsync()
}

/// The layer around a handler.
pub fn serve<F>(
    transcoder: Transcoder,
    handler: impl Fn(Request<Body>) -> F + Clone + Send + 'static,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone
where
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let inner = service_fn(move |request| {
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    TranscodeLayer::new(transcoder, wrap).layer(inner)
}

/// The layer around a service that reads the request and answers the same to all.
pub fn answering(
    transcoder: Transcoder,
    make: impl Fn() -> Response<Body> + Clone + Send + 'static,
) -> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone {
    serve(transcoder, move |request| {
        let answer = make();
        async move {
            let message = request.into_body().collect().await.unwrap().to_bytes();
            // As every gRPC server does it.
            if message.is_empty() { refused(13, "Missing request message.", "") } else { answer }
        }
    })
}

/// A request; a body of no bytes is none.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let never = |never: Infallible| match never {};
    let bytes = Bytes::from(body.to_owned());
    let body = if bytes.is_empty() {
        Empty::new().map_err(never).boxed_unsync()
    } else {
        Full::new(bytes).map_err(never).boxed_unsync()
    };
    let mut request = Request::new(body);
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = target.parse().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// HTTP's status, the code's name and the reason.
    pub fn refusal(&self) -> (u16, String, String) {
        let error = &self.json()["error"];
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), word(&error["code"]), word(&error["reason"]))
    }
}

pub async fn send(
    service: impl Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    request: Request<Body>,
) -> Answer {
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(text.into()).unwrap() }
}

/// A message in its frame.
pub fn frame(message: &[u8]) -> Vec<u8> {
    [&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

#[expect(clippy::unnecessary_wraps, reason = "parts of a stream are results")]
pub fn data(bytes: impl Into<Bytes>) -> Part {
    Ok(Frame::data(bytes.into()))
}

/// The trailers of a call that ended so.
#[expect(clippy::unnecessary_wraps, reason = "parts of a stream are results")]
pub fn ended(code: u16, message: &str, details: &str) -> Part {
    Ok(Frame::trailers(status(code, message, details)))
}

fn status(code: u16, message: &str, details: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", HeaderValue::from(code));
    for (name, value) in [("grpc-message", message), ("grpc-status-details-bin", details)] {
        if !value.is_empty() {
            headers.insert(name, value.parse().unwrap());
        }
    }
    headers
}

/// An answer of gRPC whose body is a stream.
pub fn streamed(parts: impl Stream<Item = Part> + Send + 'static) -> Response<Body> {
    let mut response = Response::new(StreamBody::new(parts).boxed_unsync());
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response.headers_mut().insert("x-request-id", HeaderValue::from_static("r-1"));
    response
}

/// An answer of gRPC with these parts.
pub fn answer(parts: Vec<Part>) -> Response<Body> {
    streamed(stream::iter(parts))
}

/// An answer of one message.
pub fn message(message: &[u8]) -> Response<Body> {
    answer(vec![data(frame(message)), ended(0, "", "")])
}

/// A refusal before there was any answer.
pub fn refused(code: u16, message: &str, details: &str) -> Response<Body> {
    let mut response = streamed(stream::empty());
    response.headers_mut().extend(status(code, message, details));
    response
}

/// Parts, and then silence.
pub fn hanging(parts: Vec<Part>) -> Response<Body> {
    streamed(stream::iter(parts).chain(stream::pending()))
}

/// A handler that keeps what it was sent, and answers a book.
pub fn book() -> impl Fn() -> Response<Body> + Clone + Send + 'static {
    || message(b"\x12\x01T")
}

/// An answer that is there at once.
pub fn now(response: Response<Body>) -> std::future::Ready<Response<Body>> {
    ready(response)
}
