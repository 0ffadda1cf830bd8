//! The end of a connection whose client still sends a body that nobody reads.
//!
//! Whoever closes a socket with bytes in it resets the connection, and many systems then throw away what the other side has not
//! read yet: the very answer that says why. So the answer is sent, and what comes still is thrown away for a while.

use std::{
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Version;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Sleep, sleep},
};
use tonic::body::Body;

/// How long a client may still send what nobody reads, and how many bytes.
const PATIENCE: Duration = Duration::from_secs(5);
const MOST: usize = 32 * 1024 * 1024;
/// Bytes that are thrown away at once.
const PIECE: usize = 8 * 1024;

/// Whether the body of a connection's last request was left before its end. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Unread(Arc<AtomicBool>);

impl Unread {
    /// The request, watched for whether its body is read. HTTP/2 ends streams one by one, and needs none of this.
    pub(super) fn watch(&self, request: http::Request<Incoming>) -> http::Request<Body> {
        self.0.store(false, Ordering::Relaxed);
        if request.version() >= Version::HTTP_2 || request.body().is_end_stream() {
            return request.map(Body::new);
        }
        request.map(|body| Body::new(Watched { body, ended: false, unread: self.clone() }))
    }
}

/// A body that tells when it is left before its end.
struct Watched {
    body: Incoming,
    ended: bool,
    unread: Unread,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = matches!(polled, Poll::Ready(None)) || self.body.is_end_stream();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

/// What is still to be done where nothing is written any more.
pub(super) struct Parting {
    unread: Unread,
    /// Bytes that were thrown away.
    thrown: usize,
    end: Option<Pin<Box<Sleep>>>,
}

impl Parting {
    pub(super) fn new(unread: Unread) -> Self {
        Self { unread, thrown: 0, end: None }
    }

    /// Ready once the client sends nothing more, or has sent for long enough.
    pub(super) fn poll<I: AsyncRead>(&mut self, mut io: Pin<&mut I>, cx: &mut Context<'_>) -> Poll<()> {
        if !self.unread.0.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let end = self.end.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        if end.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut piece = [MaybeUninit::<u8>::uninit(); PIECE];
        while self.thrown < MOST {
            let mut buffer = ReadBuf::uninit(&mut piece);
            match io.as_mut().poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => self.thrown += buffer.filled().len(),
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }
}
