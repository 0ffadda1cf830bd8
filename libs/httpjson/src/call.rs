//! The body of a call: JSON that becomes a message once somebody asks for it.

use std::{
    convert::Infallible,
    error::Error,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use fault::TooSlow;
use http_body::{Body, Frame};
use transcoding::{Route, TranscodingError};

use crate::{BoxError, frames};

/// What was wrong with the request, where something was.
pub(crate) type Outcome = Arc<OnceLock<TranscodingError>>;

/// A request's body as gRPC has it.
///
/// Where the request cannot be a message, it ends without one. To the inner service that is a malformed call, which it counts
/// and logs as the caller's; what exactly was wrong stands in the [`Outcome`], and is what the caller is told.
pub(crate) struct Call<B> {
    route: Route,
    query: String,
    body: Pin<Box<B>>,
    read: BytesMut,
    /// How much may be read, in bytes.
    limit: usize,
    outcome: Outcome,
    refused: Option<TranscodingError>,
    done: bool,
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Call<B> {
    /// At most `limit` bytes are read; `refused` is what is wrong already.
    pub(crate) fn new(
        route: Route,
        query: String,
        body: B,
        (limit, outcome, refused): (usize, Outcome, Option<TranscodingError>),
    ) -> Self {
        Self {
            route,
            query,
            body: Box::pin(body),
            read: BytesMut::new(),
            limit,
            outcome,
            refused,
            done: false,
        }
    }

    /// The whole message, framed, once all of the body is there.
    fn message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, TranscodingError>> {
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(error));
        }
        let limit = self.limit;
        while let Some(frame) = ready!(self.body.as_mut().poll_frame(cx)) {
            let frame = match frame {
                Ok(frame) => frame,
                Err(cut) => return Poll::Ready(Err(ended_early(&*cut.into()))),
            };
            let Ok(data) = frame.into_data() else { continue };
            if self.read.len() + data.len() > limit {
                return Poll::Ready(Err(TranscodingError::BodyTooLarge { limit }));
            }
            self.read.extend_from_slice(&data);
        }
        Poll::Ready(self.route.encode(&self.query, &self.read).map(|message| frames::framed(&message)))
    }
}

/// Why a body ended before its end.
fn ended_early(cut: &(dyn Error + 'static)) -> TranscodingError {
    if TooSlow::is_cause_of(cut) { TranscodingError::BodyTooSlow } else { TranscodingError::BodyBroken }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>>> Body for Call<B> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let message = ready!(self.message(cx));
        self.done = true;
        self.read = BytesMut::new();
        Poll::Ready(match message {
            Ok(message) => Some(Ok(Frame::data(message))),
            Err(error) => {
                // It is set once, since this comes once.
                let _ = self.outcome.set(error);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}
