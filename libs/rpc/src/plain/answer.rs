//! The answer to a plain request is one of HTTP's.

use std::task::{Context, Poll};

use http::{Method, Version};
use tonic::{Code, Status, body::Body};

use super::{is_grpc, refusal::refusal};
use crate::step::{BodyStep, Inner, Polled, Request, Response, Step};

/// Turns gRPC statuses into HTTP's where the caller does not speak gRPC.
#[derive(Clone)]
pub(crate) struct AnswerPlainly;

/// What is remembered of a request.
pub(crate) enum Spoken {
    Grpc,
    /// It wants no body.
    Head,
    Http,
}

impl Step for AnswerPlainly {
    type Call = Spoken;

    fn start(&self, request: &mut Request) -> Result<Spoken, Status> {
        Ok(match request.method() {
            _ if is_grpc(request.headers()) && request.version() >= Version::HTTP_2 => Spoken::Grpc,
            &Method::HEAD => Spoken::Head,
            _ => Spoken::Http,
        })
    }

    async fn finish(spoken: Spoken, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        let response = pending.await;
        if matches!(spoken, Spoken::Grpc) {
            return response;
        }
        let status = Status::from_header_map(response.headers());
        let Some(status) = status.filter(|status| status.code() != Code::Ok) else {
            let whole = http_body::Body::is_end_stream(response.body());
            return response.map(|body| if whole { body } else { BreakOff.around(body) });
        };
        let refused = refusal(response.into_parts().0, &status);
        if matches!(spoken, Spoken::Head) { refused.map(|_| Body::empty()) } else { refused }
    }
}

/// A body that was cut short must not look whole: HTTP's readers do not know what a status in trailers means.
struct BreakOff;

impl BodyStep for BreakOff {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let polled = inner.poll(cx);
        let Poll::Ready(Some(Ok(frame))) = &polled else { return polled };
        let status = frame.trailers_ref().and_then(Status::from_header_map);
        match status.filter(|status| status.code() != Code::Ok) {
            Some(status) => Poll::Ready(Some(Err(status))),
            None => polled,
        }
    }
}
