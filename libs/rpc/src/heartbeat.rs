//! Fills the silences of a stream, because load balancers cut what is idle and do not count HTTP/2 pings.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::Stream;
use tokio::time::{Instant, Sleep, sleep};

pin_project_lite::pin_project! {
    /// The stream that [`heartbeat`] makes.
    pub struct Heartbeat<S, F> {
        #[pin]
        stream: S,
        #[pin]
        silence: Sleep,
        last: Instant,
        every: Duration,
        make: F,
    }
}

/// Inserts the item that `make` makes whenever `stream` has been silent for `every`. Ends with the stream.
///
/// A beat does not delay the stream's own items, and time that the reader takes does not count as silence unless
/// the stream has nothing to give.
pub fn heartbeat<S, F>(stream: S, every: Duration, make: F) -> Heartbeat<S, F>
where
    S: Stream,
    F: FnMut() -> S::Item,
{
    Heartbeat { stream, silence: sleep(every), last: Instant::now(), every, make }
}

impl<S, F> Stream for Heartbeat<S, F>
where
    S: Stream,
    F: FnMut() -> S::Item,
{
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        if let Poll::Ready(item) = this.stream.poll_next(cx) {
            *this.last = Instant::now();
            return Poll::Ready(item);
        }
        // The timer is moved when it rings, not with every item: there are many items to a ring.
        loop {
            ready!(this.silence.as_mut().poll(cx));
            let due = *this.last + *this.every;
            let now = Instant::now();
            if now >= due {
                *this.last = now;
                this.silence.as_mut().reset(now + *this.every);
                return Poll::Ready(Some((this.make)()));
            }
            this.silence.as_mut().reset(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use tokio::time::{Instant, sleep};

    use super::heartbeat;

    const EVERY: Duration = Duration::from_secs(10);

    fn after(seconds: &'static [u64]) -> impl futures::Stream<Item = &'static str> {
        stream::iter(seconds).then(|seconds| async move {
            sleep(Duration::from_secs(*seconds)).await;
            "item"
        })
    }

    async fn timed(seconds: &'static [u64]) -> Vec<(u64, &'static str)> {
        let start = Instant::now();
        let beating = heartbeat(after(seconds), EVERY, || "beat");
        beating.map(|item| (start.elapsed().as_secs(), item)).collect().await
    }

    #[tokio::test(start_paused = true)]
    async fn beats_fill_the_silence_and_items_restart_it() {
        assert_eq!(
            timed(&[5, 25, 9]).await,
            [(5, "item"), (15, "beat"), (25, "beat"), (30, "item"), (39, "item")]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_stream_has_no_beats_and_an_empty_one_just_ends() {
        assert_eq!(timed(&[9, 9, 9]).await, [(9, "item"), (18, "item"), (27, "item")]);
        assert_eq!(timed(&[]).await, []);
    }
}
