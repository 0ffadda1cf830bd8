//! An answer of many messages, each told as soon as it comes.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE},
    response::Parts,
};
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};
use transcoding::TranscodingError;

use crate::{
    BoxError, JsonBody,
    frames::{Frames, unfit},
    layer::Exchange,
    refusal::{Refusal, body as whole},
    status::{Status, ended},
};

/// Proxies cut what is silent for longer, the hastiest after 30 seconds.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Tells a stream. `over` is its end, where the headers told it already.
pub(crate) fn answer<B>(
    exchange: Exchange,
    mut parts: Parts,
    body: B,
    over: Option<Status>,
) -> Response<JsonBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let kind = if exchange.events { "text/event-stream" } else { "application/x-ndjson" };
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would collect some kilobytes first.
    parts.headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    if exchange.head {
        // The body is dropped, which ends the call.
        return Response::from_parts(parts, whole(Bytes::new()));
    }
    let limit = exchange.transcoder.limits().answer_bytes;
    let events = Events {
        body: Box::pin(body),
        frames: Frames::new(limit),
        silence: Box::pin(sleep(HEARTBEAT)),
        over,
        done: false,
        exchange,
    };
    Response::from_parts(parts, JsonBody::new(events))
}

/// The stream. Nothing is kept of it but the message that is incomplete; dropping it drops the call.
struct Events<B> {
    body: Pin<Box<B>>,
    frames: Frames,
    silence: Pin<Box<Sleep>>,
    over: Option<Status>,
    done: bool,
    exchange: Exchange,
}

impl<B> Events<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    /// The next piece of text; `None` where there is none any more.
    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, TranscodingError>> {
        loop {
            if let Some(message) = self.frames.next()? {
                let json = self.exchange.route.decode(&message)?;
                return Poll::Ready(Ok(Some(self.told("", json))));
            }
            if self.over.is_some() {
                return Poll::Ready(Ok(None));
            }
            match ready!(self.body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.frames.push(&data),
                    Err(frame) => self.over = frame.trailers_ref().and_then(ended),
                },
                Some(Err(error)) => {
                    return Poll::Ready(Err(unfit(Into::<BoxError>::into(error).to_string())));
                }
                None => return Poll::Ready(Err(unfit("it was cut off"))),
            }
        }
    }

    /// The last piece of text.
    fn ending(&self, outcome: Result<(), TranscodingError>) -> Option<Vec<u8>> {
        let refusal = match (self.exchange.outcome.get(), outcome, &self.over) {
            (Some(error), _, _) => Refusal::of(error),
            (None, Err(error), _) => Refusal::of(&error),
            (None, Ok(()), Some(status)) if !status.is_ok() => {
                Refusal::of_status(status, &self.exchange.transcoder)
            }
            (None, Ok(()), _) if !self.frames.is_empty() => Refusal::of(&unfit("it was cut off")),
            // A browser would connect again if it were not told.
            (None, Ok(()), _) => return self.exchange.events.then(|| self.told("end", b"{}".to_vec())),
        };
        Some(self.told("error", refusal.json().into_bytes()))
    }

    fn told(&self, event: &str, mut json: Vec<u8>) -> Vec<u8> {
        if !self.exchange.events {
            json.push(b'\n');
            return json;
        }
        let start = if event.is_empty() { "data: ".to_owned() } else { format!("event: {event}\ndata: ") };
        [start.as_bytes(), &json, b"\n\n"].concat()
    }
}

impl<B> Body for Events<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.done {
            return Poll::Ready(None);
        }
        let text = match self.poll_text(cx) {
            Poll::Ready(Ok(Some(text))) => Some(text),
            Poll::Ready(end) => {
                self.done = true;
                self.ending(end.map(|_| ()))
            }
            // Lines have no way to say nothing.
            Poll::Pending if !self.exchange.events => return Poll::Pending,
            Poll::Pending => {
                ready!(self.silence.as_mut().poll(cx));
                Some(b": heartbeat\n\n".to_vec())
            }
        };
        self.silence.as_mut().reset(Instant::now() + HEARTBEAT);
        Poll::Ready(text.map(|text| Ok(Frame::data(text.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}
