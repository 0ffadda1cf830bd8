//! The last moment of a connection.
//!
//! Whoever closes a connection on which something still comes in has it reset, and a reset makes the other end forget
//! what it has not read yet: the last words of the last answer. HTTP/2 always has something on its way, room for more
//! above all. So we say that nothing follows, and close once the other end has closed too.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::unread::Unread;

/// How long the other end has to close: a round trip, and some more.
const LINGER: Duration = Duration::from_secs(1);
/// The same for one that still sends a body which nobody reads, and reads our answer only after that.
const LINGER_UNREAD: Duration = Duration::from_secs(5);
/// The most bytes of it all that are thrown away.
const MOST: usize = 32 * 1024 * 1024;
/// What is read at once of what nobody wants any more.
const LEFTOVERS: usize = 8 * 1024;

pin_project! {
    /// A connection whose shutdown ends when the other end has closed, or does not.
    pub(super) struct Lingering<I> {
        #[pin]
        io: I,
        unread: Unread,
        // Since nothing more was said.
        waiting: Option<Pin<Box<Sleep>>>,
        thrown: usize,
    }
}

impl<I> Lingering<I> {
    pub(super) const fn new(io: I, unread: Unread) -> Self {
        Self { io, unread, waiting: None, thrown: 0 }
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
        let patience = if this.unread.is_left() { LINGER_UNREAD } else { LINGER };
        let waiting = this.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        if waiting.as_mut().poll(cx).is_pending() {
            ready!(poll_gone(this.io, this.thrown, cx));
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
fn poll_gone<I: AsyncRead>(mut io: Pin<&mut I>, thrown: &mut usize, cx: &mut Context<'_>) -> Poll<()> {
    let mut leftovers = [MaybeUninit::uninit(); LEFTOVERS];
    while *thrown < MOST {
        let mut buffer = ReadBuf::uninit(&mut leftovers);
        let outcome = ready!(io.as_mut().poll_read(cx, &mut buffer));
        if outcome.is_err() || buffer.filled().is_empty() {
            break;
        }
        *thrown += buffer.filled().len();
    }
    Poll::Ready(())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::{LEFTOVERS, LINGER, Lingering, Unread};

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_read_until_the_other_end_closes() {
        let (near, mut far) = duplex(16);
        let (mut near, began) = (Lingering::new(near, Unread::default()), Instant::now());
        let other = async {
            assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0, "nothing follows");
            far.write_all(&vec![0; 4 * LEFTOVERS]).await.unwrap();
            drop(far);
        };
        let (outcome, ()) = tokio::join!(near.shutdown(), other);
        outcome.unwrap();
        assert!(began.elapsed().is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_does_not_close_is_not_waited_for_long() {
        let (near, far) = duplex(16);
        let (mut near, began) = (Lingering::new(near, Unread::default()), Instant::now());
        near.shutdown().await.unwrap();
        assert_eq!(began.elapsed(), LINGER);
        drop(far);
    }
}
