//! The body that tells when a call has ended.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::{Code, Status, body::Body};

use super::{ObservedCall, Running, frames::MessageCounter};

/// Counts what passes, and ends the running call with the status of the trailers.
pub(super) struct ObservedBody<C: ObservedCall> {
    body: Body,
    running: Running<C>,
    /// What the headers told; a body without trailers ends with it.
    code: Option<Code>,
    messages: MessageCounter,
}

impl<C: ObservedCall> ObservedBody<C> {
    pub(super) fn new(body: Body, running: Running<C>, code: Option<Code>) -> Self {
        Self { body, running, code, messages: MessageCounter::default() }
    }

    fn see(&mut self, frame: &Frame<Bytes>) {
        if let Some(data) = frame.data_ref() {
            self.running.bytes += data.len() as u64;
            self.running.messages = self.messages.feed(data);
        }
        if let Some(status) = frame.trailers_ref().and_then(|trailers| trailers.get("grpc-status")) {
            self.code = Some(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl<C: ObservedCall> http_body::Body for ObservedBody<C> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => this.see(frame),
            Some(Err(status)) => this.running.end(status.code()),
            None => {}
        }
        // Whoever sends the body may stop asking once it says that nothing follows.
        let trailers = matches!(&frame, Some(Ok(frame)) if frame.is_trailers());
        if frame.is_none() || trailers || this.body.is_end_stream() {
            this.running.end(this.code.unwrap_or(Code::Unknown));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
