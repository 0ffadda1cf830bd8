//! A request body that can be sent again.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::Frame;
use tonic::{Status, body::Body};

use crate::step::Polled;

/// The most that is kept of a body; a larger one is sent once.
const KEPT: usize = 1024 * 1024;

/// Records a body while the first attempt sends it, and plays it back to the next.
#[derive(Clone)]
pub(super) struct Replay(Arc<Mutex<Recording>>);

struct Recording {
    body: Body,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// More came than is kept.
    overflown: bool,
    /// Which attempt may read: a dying one must not take frames from its successor.
    attempt: u64,
}

impl Replay {
    pub(super) fn new(body: Body) -> Self {
        let recording = Recording { body, kept: Vec::new(), kept_bytes: 0, overflown: false, attempt: 0 };
        Self(Arc::new(Mutex::new(recording)))
    }

    /// Whether another attempt can send the whole body.
    pub(super) fn is_possible(&self) -> bool {
        !self.recording().overflown
    }

    /// The body of the next attempt; the one before it ends.
    pub(super) fn body(&self) -> Body {
        let mut recording = self.recording();
        recording.attempt += 1;
        let playback = Playback { replay: self.clone(), attempt: recording.attempt, played: 0 };
        drop(recording);
        Body::new(playback)
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    fn keep(&mut self, data: &Bytes) {
        self.kept_bytes += data.len();
        if self.kept_bytes > KEPT {
            self.overflown = true;
            self.kept.clear();
        } else {
            self.kept.push(data.clone());
        }
    }
}

/// One attempt's reading. A body by itself, as the one that it reads from belongs to all attempts.
struct Playback {
    replay: Replay,
    attempt: u64,
    played: usize,
}

impl http_body::Body for Playback {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let mut recording = this.replay.recording();
        if recording.attempt != this.attempt {
            return Poll::Ready(Some(Err(Status::cancelled("superseded by another attempt"))));
        }
        if let Some(data) = recording.kept.get(this.played) {
            this.played += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        let frame = ready!(Pin::new(&mut recording.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
            && !recording.overflown
        {
            recording.keep(data);
            this.played = recording.kept.len();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let recording = self.replay.recording();
        self.played >= recording.kept.len() && recording.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures::stream;
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use tonic::{Status, body::Body};

    use super::{KEPT, Replay};

    fn replay(pieces: Vec<Bytes>) -> Replay {
        let frames = pieces.into_iter().map(|data| Ok::<_, Status>(Frame::data(data)));
        Replay::new(Body::new(StreamBody::new(stream::iter(frames))))
    }

    async fn read(body: Body) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_later_attempt_sends_what_an_earlier_one_did_and_did_not() {
        let replay = replay(vec!["one ".into(), "two ".into(), "three".into()]);
        let mut first = replay.body();
        assert_eq!(first.frame().await.unwrap().unwrap().into_data().unwrap(), "one ");
        let second = replay.body();
        assert!(first.frame().await.unwrap().is_err(), "the first has been superseded");
        assert_eq!(read(second).await, "one two three");
        assert_eq!(read(replay.body()).await, "one two three");
    }

    #[tokio::test]
    async fn a_large_body_is_sent_whole_but_once() {
        let piece = Bytes::from(vec![7; KEPT / 2]);
        let replay = replay(vec![piece.clone(), piece.clone(), piece]);
        assert!(replay.is_possible());
        assert_eq!(read(replay.body()).await.len(), KEPT / 2 * 3);
        assert!(!replay.is_possible());
    }
}
