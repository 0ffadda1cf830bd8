//! Whether a client has said enough to tell which protocol it speaks, since when it speaks, and whether it takes what
//! is written to it.
//!
//! hyper waits for the first and the last without a limit, and a connection that nobody uses holds one of the places
//! that there are.

use std::{
    future, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, sleep},
};

use super::stall::{Stalls, Waiting};

/// HTTP/2's preface. hyper waits for the whole of it as long as what comes is how it begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Nothing was heard.
const NOTHING: u64 = 0;

pin_project! {
    /// A connection that notes what is read from it.
    pub(super) struct Hearing<I> {
        #[pin]
        io: I,
        heard: Heard,
        stalls: Stalls,
        written: Arc<Waiting>,
    }
}

/// What a client has sent. Clones are the same.
#[derive(Clone)]
pub(super) struct Heard(Arc<Noted>);

struct Noted {
    bytes: AtomicUsize,
    /// Whether these were anything but HTTP/2's preface.
    otherwise: AtomicBool,
    began: Instant,
    /// When the first of them came: in milliseconds of the connection, or [`NOTHING`].
    since: AtomicU64,
}

impl<I> Hearing<I> {
    pub(super) fn new(io: I, stalls: Stalls) -> (Self, Heard) {
        let heard = Heard::new();
        let written = stalls.waiting();
        (Self { io, heard: heard.clone(), stalls, written }, heard)
    }
}

/// Writes, or what comes of it: where nothing can be written, somebody does not read.
fn noted<T>(outcome: Poll<T>, stalls: &Stalls, written: &Waiting) -> Poll<T> {
    if outcome.is_pending() {
        stalls.wait(written);
    } else {
        written.taken();
    }
    outcome
}

impl Heard {
    fn new() -> Self {
        Self(Arc::new(Noted {
            bytes: AtomicUsize::new(0),
            otherwise: AtomicBool::new(false),
            began: Instant::now(),
            since: AtomicU64::new(NOTHING),
        }))
    }

    fn note(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let before = self.0.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        if before < PREFACE.len()
            && PREFACE.iter().skip(before).zip(bytes).any(|(ours, theirs)| ours != theirs)
        {
            self.0.otherwise.store(true, Ordering::Relaxed);
        }
        // Only heads of HTTP/1 are timed.
        if self.is_http2() {
            return;
        }
        // A connection does not live for a million years; its first moment must not look like none.
        let now = self.0.began.elapsed().as_millis() as u64 + 1;
        let _heard_before = self.0.since.compare_exchange(NOTHING, now, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Ready once `patience` has passed without a protocol; never where there is one.
    pub(super) async fn silence(&self, patience: Duration) {
        sleep(patience).await;
        if self.0.bytes.load(Ordering::Relaxed) >= PREFACE.len() {
            future::pending::<()>().await;
        }
    }

    /// Whether the client speaks HTTP/2; not known before it has said so much.
    pub(super) fn is_http2(&self) -> bool {
        self.0.bytes.load(Ordering::Relaxed) >= PREFACE.len() && !self.0.otherwise.load(Ordering::Relaxed)
    }

    /// When the first byte came since the last [`forget`](Self::forget), to the millisecond.
    pub(super) fn since(&self) -> Option<Instant> {
        match self.0.since.load(Ordering::Relaxed) {
            NOTHING => None,
            since => Some(self.0.began + Duration::from_millis(since - 1)),
        }
    }

    /// From now on the next byte is the first one.
    pub(super) fn forget(&self) {
        self.0.since.store(NOTHING, Ordering::Relaxed);
    }
}

impl<I: AsyncRead> AsyncRead for Hearing<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        let before = buffer.filled().len();
        let outcome = this.io.poll_read(cx, buffer);
        this.heard.note(buffer.filled().get(before..).unwrap_or_default());
        outcome
    }
}

impl<I: AsyncWrite> AsyncWrite for Hearing<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        noted(this.io.poll_write(cx, bytes), this.stalls, this.written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        noted(this.io.poll_flush(cx), this.stalls, this.written)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        noted(this.io.poll_write_vectored(cx, slices), this.stalls, this.written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
