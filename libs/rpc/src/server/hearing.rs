//! Whether a client has said enough to tell which protocol it speaks, whether it takes what is written to it, and whether it has
//! had its say before the end.
//!
//! hyper waits for the first two without a limit, and a connection that nobody uses holds one of the places that there are.

use std::{
    future, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};

use super::{
    parting::{Parting, Unread},
    stall::{Stalls, Waiting},
};

/// The length of HTTP/2's preface, before which hyper does not choose.
const PREFACE: usize = 24;

pin_project! {
    /// A connection that counts what is read from it.
    pub(super) struct Hearing<I> {
        #[pin]
        io: I,
        heard: Heard,
        stalls: Stalls,
        written: Arc<Waiting>,
        shut: bool,
        parting: Parting,
    }
}

/// How many bytes a client has sent.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<AtomicUsize>);

impl<I> Hearing<I> {
    pub(super) fn new(io: I, stalls: Stalls, unread: Unread) -> (Self, Heard) {
        let heard = Heard::default();
        let written = stalls.waiting();
        let parting = Parting::new(unread);
        (Self { io, heard: heard.clone(), stalls, written, shut: false, parting }, heard)
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
    /// Ready once `patience` has passed without a protocol; never where there is one.
    pub(super) async fn silence(&self, patience: Duration) {
        sleep(patience).await;
        if self.0.load(Ordering::Relaxed) >= PREFACE {
            future::pending::<()>().await;
        }
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
        this.heard.0.fetch_add(buffer.filled().len() - before, Ordering::Relaxed);
        outcome
    }
}

impl<I: AsyncRead + AsyncWrite> AsyncWrite for Hearing<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        noted(this.io.poll_write(cx, bytes), this.stalls, this.written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        noted(this.io.poll_flush(cx), this.stalls, this.written)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if !*this.shut {
            ready!(this.io.as_mut().poll_shutdown(cx))?;
            *this.shut = true;
        }
        this.parting.poll(this.io, cx).map(Ok)
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
