//! Requests of HTTP/1 that somebody on the way may cut up, or send elsewhere, in another way than we would.
//!
//! hyper refuses two lengths, a length beside chunks, and whatever is no chunk. It lets through requests without a
//! host, or with several, and codings in front of the chunks that nobody here undoes: those are refused here, and the
//! connection is closed, since what follows on it may be part of the same trick.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use futures::future::Either;
use http::{
    HeaderValue, Method, Version,
    header::{CONNECTION, HOST, TRANSFER_ENCODING},
};
use tonic::body::Body;
use tower::{Layer, Service};

use super::{ErrorShape, refusal::refusal};
use crate::{
    RpcError,
    status::unlogged,
    step::{Request, Response},
};

/// The layer. It stands in front of whatever makes HTTP/2 of a request, and so answers in HTTP's own words itself.
#[derive(Clone)]
pub(crate) struct RefuseAmbiguous {
    pub(crate) shape: Option<ErrorShape>,
}

impl<S> Layer<S> for RefuseAmbiguous {
    type Service = Unambiguous<S>;

    fn layer(&self, inner: S) -> Unambiguous<S> {
        Unambiguous { shape: self.shape, inner }
    }
}

/// A service that sees requests which can be read in one way only.
#[derive(Clone)]
pub(crate) struct Unambiguous<S> {
    shape: Option<ErrorShape>,
    inner: S,
}

impl<S> Service<Request> for Unambiguous<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match problem(&request) {
            Some(problem) => Either::Left(ready(Ok(answer(&request, problem, self.shape)))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}

/// What can be read in several ways. HTTP/2 has other frames, and one `:authority`.
fn problem(request: &Request) -> Option<&'static str> {
    let version = request.version();
    if version >= Version::HTTP_2 {
        return None;
    }
    let headers = request.headers();
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return Some("it needs one `host` header, and has none or several");
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let first = codings.next()?;
    let plain = first.as_bytes().eq_ignore_ascii_case(b"chunked") && codings.next().is_none();
    (!plain).then_some("its `transfer-encoding` may be `chunked` once, and nothing else")
}

fn answer(request: &Request, problem: &'static str, shape: Option<ErrorShape>) -> Response {
    tracing::debug!(problem, "a request can be read in several ways");
    let status = unlogged(&RpcError::Ambiguous { problem });
    let parts = Response::default().into_parts().0;
    let mut refused = refusal(parts, &status, |document| match shape {
        Some(shape) => shape(request.uri().path(), document),
        None => document,
    });
    refused.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    if request.method() == Method::HEAD { refused.map(|_| Body::empty()) } else { refused }
}

#[cfg(test)]
mod tests {
    use http::Version;
    use tonic::body::Body;

    use super::problem;

    fn is_clear(version: Version, headers: &[(&str, &str)]) -> bool {
        let request = http::Request::builder().version(version);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        problem(&request.body(Body::empty()).unwrap()).is_none()
    }

    #[test]
    fn one_host_and_plain_chunks_are_clear() {
        let host = ("host", "api");
        assert!(is_clear(Version::HTTP_11, &[host]));
        assert!(is_clear(Version::HTTP_11, &[host, ("transfer-encoding", "Chunked")]));
        assert!(is_clear(Version::HTTP_10, &[]), "it knew no hosts");
        assert!(is_clear(Version::HTTP_2, &[]));
    }

    #[test]
    fn everything_else_is_not() {
        let host = ("host", "api");
        for headers in [
            &[][..],
            &[host, host],
            &[host, ("transfer-encoding", "gzip, chunked")],
            &[host, ("transfer-encoding", "chunked, chunked")],
            &[host, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[host, ("transfer-encoding", "identity")],
            &[host, ("transfer-encoding", "")],
        ] {
            assert!(!is_clear(Version::HTTP_11, headers), "{headers:?}");
        }
        assert!(!is_clear(Version::HTTP_10, &[host, host]));
    }
}
