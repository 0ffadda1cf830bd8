//! Tells when a call has ended.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use tonic::Code;

use super::{ObservedCall, Running, frames::MessageCounter};
use crate::step::{BodyStep, Inner, Polled};

/// Counts what passes, and ends the running call with the status of the trailers.
pub(super) struct ObserveBody<C: ObservedCall> {
    running: Running<C>,
    /// What the headers told; a body without trailers ends with it.
    code: Option<Code>,
    /// What the headers promised. HTTP/1 does not ask for more once so much has come.
    length: Option<u64>,
    messages: MessageCounter,
}

impl<C: ObservedCall> ObserveBody<C> {
    pub(super) fn new(running: Running<C>, code: Option<Code>, length: Option<u64>) -> Self {
        Self { running, code, length, messages: MessageCounter::default() }
    }

    fn see(&mut self, frame: &Frame<Bytes>) {
        if let Some(data) = frame.data_ref() {
            self.running.bytes += data.len() as u64;
            // Headers that tell a code are not those of gRPC's messages.
            if self.code.is_none() {
                self.running.messages = self.messages.feed(data);
            }
        }
        if let Some(status) = frame.trailers_ref().and_then(|trailers| trailers.get("grpc-status")) {
            self.code = Some(Code::from_bytes(status.as_bytes()));
        }
    }
}

impl<C: ObservedCall> BodyStep for ObserveBody<C> {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        let frame = ready!(inner.poll(cx));
        match &frame {
            Some(Ok(frame)) => self.see(frame),
            Some(Err(status)) => self.running.end(status.code()),
            None => {}
        }
        // Whoever sends the body may stop asking once it says that nothing follows.
        let trailers = matches!(&frame, Some(Ok(frame)) if frame.is_trailers());
        let whole = self.length.is_some_and(|length| self.running.bytes >= length);
        if frame.is_none() || trailers || whole || inner.is_end_stream() {
            self.running.end(self.code.unwrap_or(Code::Unknown));
        }
        Poll::Ready(frame)
    }
}
