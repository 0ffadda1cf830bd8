//! The last moment of a connection.
//!
//! Whoever closes a connection on which something still comes in has it reset, and a reset makes the other end forget
//! what it has not read yet: the last words of the last answer. HTTP/2 always has something on its way, room for more
//! above all. So we say that nothing follows, and close once the other end has closed too.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How long the other end has to close: a round trip, and some more.
const LINGER: Duration = Duration::from_secs(1);
/// What is read at once of what nobody wants any more.
const LEFTOVERS: usize = 1024;

pin_project! {
    /// A connection whose shutdown ends when the other end has closed, or does not.
    pub(super) struct Lingering<I> {
        #[pin]
        io: I,
        // Since nothing more was said.
        waiting: Option<Pin<Box<Sleep>>>,
    }
}

impl<I> Lingering<I> {
    pub(super) const fn new(io: I) -> Self {
        Self { io, waiting: None }
    }
}

impl<I: AsyncRead> AsyncRead for Lingering<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.project().io.poll_read(cx, buffer)
    }
}

impl<I: AsyncRead + AsyncWrite> AsyncWrite for Lingering<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.project().io.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().io.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if this.waiting.is_none() {
            ready!(this.io.as_mut().poll_shutdown(cx))?;
        }
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if waiting.as_mut().poll(cx).is_pending() {
            ready!(poll_gone(this.io, cx));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().io.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Reads what still comes, and is ready when nothing does any more.
fn poll_gone<I: AsyncRead>(mut io: Pin<&mut I>, cx: &mut Context<'_>) -> Poll<()> {
    let mut leftovers = [0; LEFTOVERS];
    loop {
        let mut buffer = ReadBuf::new(&mut leftovers);
        let outcome = ready!(io.as_mut().poll_read(cx, &mut buffer));
        if outcome.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(());
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::{LEFTOVERS, LINGER, Lingering};

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_read_until_the_other_end_closes() {
        let (near, mut far) = duplex(16);
        let (mut near, began) = (Lingering::new(near), Instant::now());
        let other = async {
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0, "nothing follows");
            far.write_all(&[0; 4 * LEFTOVERS]).await.unwrap();
            drop(far);
        };
        let (outcome, ()) = tokio::join!(near.shutdown(), other);
        outcome.unwrap();
        assert!(began.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_does_not_close_is_not_waited_for_long() {
        let (near, far) = duplex(16);
        let (mut near, began) = (Lingering::new(near), Instant::now());
        near.shutdown().await.unwrap();
        assert_eq!(began.elapsed(), LINGER);
        drop(far);
    }
}
