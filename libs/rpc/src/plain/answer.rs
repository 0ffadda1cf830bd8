//! The answer to a plain request is one of HTTP's.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Version};
use tonic::{Code, Status, body::Body};

use super::{
    ErrorShape, LastWords, is_grpc,
    refusal::{refusal, told},
};
use crate::step::{BodyStep, Inner, Polled, Request, Response, Step};

/// Turns gRPC statuses into HTTP's where the caller does not speak gRPC.
#[derive(Clone)]
pub(crate) struct AnswerPlainly {
    pub(crate) shape: Option<ErrorShape>,
}

/// What is remembered of a request.
pub(crate) enum Spoken {
    Grpc,
    Http {
        /// It wants no body.
        head: bool,
        /// How errors are told, by the path that was called.
        shape: Option<(ErrorShape, String)>,
    },
}

impl Step for AnswerPlainly {
    type Call = Spoken;

    fn start(&self, request: &mut Request) -> Result<Spoken, Status> {
        if is_grpc(request.headers()) && request.version() >= Version::HTTP_2 {
            return Ok(Spoken::Grpc);
        }
        let shape = self.shape.map(|shape| (shape, request.uri().path().to_owned()));
        Ok(Spoken::Http { head: request.method() == Method::HEAD, shape })
    }

    async fn finish(spoken: Spoken, pending: impl Future<Output = Response> + Send + 'static) -> Response {
        let response = pending.await;
        let Spoken::Http { head, shape } = spoken else { return response };
        let status = Status::from_header_map(response.headers());
        let Some(status) = status.filter(|status| status.code() != Code::Ok) else {
            return whole_or_broken(response);
        };
        let refused = refusal(response.into_parts().0, &status, |document| match &shape {
            Some((shape, path)) => shape(path, document),
            None => document,
        });
        if head { refused.map(|_| Body::empty()) } else { refused }
    }
}

/// The answer, whose end can be told from a breach.
fn whole_or_broken(mut response: Response) -> Response {
    let words = response.extensions_mut().remove::<LastWords>();
    let whole = http_body::Body::is_end_stream(response.body());
    response.map(|body| match words {
        _ if whole => body,
        Some(words) => SayLast(words).around(body),
        None => BreakOff.around(body),
    })
}

/// A body that was cut short must not look whole: HTTP's readers do not know what a status in trailers means.
struct BreakOff;

impl BodyStep for BreakOff {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        match failure(inner.poll(cx)) {
            Ok(polled) => polled,
            Err(status) => Poll::Ready(Some(Err(status))),
        }
    }
}

/// A body of events tells its failure itself, and ends.
struct SayLast(LastWords);

impl BodyStep for SayLast {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        match failure(inner.poll(cx)) {
            Ok(polled) => polled,
            Err(status) => inner.end_with(Bytes::from(self.0.say(&told(&status)))),
        }
    }
}

/// The error with which a body ends, if that is what came.
fn failure(polled: Polled) -> Result<Polled, Status> {
    match polled {
        Poll::Ready(Some(Err(status))) => Err(status),
        Poll::Ready(Some(Ok(frame))) => {
            let status = frame.trailers_ref().and_then(Status::from_header_map);
            match status.filter(|status| status.code() != Code::Ok) {
                Some(status) => Err(status),
                None => Ok(Poll::Ready(Some(Ok(frame)))),
            }
        }
        polled => Ok(polled),
    }
}
