//! Watches a call to its true end, the end of its body, and reports once how it went.

mod body;
mod frames;

use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http_body::Body as _;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::step::{BodyStep, Request, Response, Step};
use body::ObserveBody;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The status; `CANCELLED` where the caller went away first.
    pub(crate) code: Code,
    /// From the request's headers to the last byte of the response.
    pub(crate) elapsed: Duration,
    /// Bytes of response body.
    pub(crate) bytes: u64,
    /// gRPC messages in the response body.
    pub(crate) messages: u64,
}

/// Someone who wants to know how calls end.
pub(crate) trait Observer: Clone + Send + Sync + 'static {
    /// What is remembered of a running call.
    type Call: ObservedCall;

    /// Sees the request.
    fn begin(&self, request: &mut Request) -> Self::Call;
}

/// A running call of an [`Observer`].
pub(crate) trait ObservedCall: Send + Unpin + 'static {
    /// Called exactly once.
    fn end(self, outcome: Outcome);
}

/// The step that feeds an observer.
#[derive(Clone)]
pub(crate) struct Observe<O>(pub(crate) O);

impl<O: Observer> Step for Observe<O> {
    type Call = Running<O::Call>;

    fn start(&self, request: &mut Request) -> Result<Self::Call, Status> {
        Ok(Running { call: Some(self.0.begin(request)), started: Instant::now(), bytes: 0, messages: 0 })
    }

    async fn finish(
        mut running: Running<O::Call>,
        pending: impl Future<Output = Response> + Send + 'static,
    ) -> Response {
        let response = pending.await;
        let code = code_in_headers(&response);
        if response.body().is_end_stream() {
            running.end(code.unwrap_or(Code::Unknown));
            return response;
        }
        let length = response.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        response.map(|body| ObserveBody::new(running, code, length).around(body))
    }
}

/// A call that has not ended. Dropping it means that the caller went away.
pub(crate) struct Running<C: ObservedCall> {
    call: Option<C>,
    started: Instant,
    bytes: u64,
    messages: u64,
}

impl<C: ObservedCall> Running<C> {
    fn end(&mut self, code: Code) {
        if let Some(call) = self.call.take() {
            let elapsed = self.started.elapsed();
            call.end(Outcome { code, elapsed, bytes: self.bytes, messages: self.messages });
        }
    }
}

impl<C: ObservedCall> Drop for Running<C> {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The status that the headers alone tell: of a gRPC response without a body, or of one that is not gRPC.
fn code_in_headers(response: &Response) -> Option<Code> {
    if let Some(status) = response.headers().get("grpc-status") {
        return Some(Code::from_bytes(status.as_bytes()));
    }
    let content_type = response.headers().get(http::header::CONTENT_TYPE);
    if content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc")) {
        return None;
    }
    Some(match response.status().as_u16() {
        200..400 => Code::Ok,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::NotFound,
        409 => Code::AlreadyExists,
        429 => Code::ResourceExhausted,
        400..500 => Code::InvalidArgument,
        503 => Code::Unavailable,
        504 => Code::DeadlineExceeded,
        _ => Code::Internal,
    })
}
