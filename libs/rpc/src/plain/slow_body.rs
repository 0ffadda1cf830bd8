//! A body that is no gRPC, which has to keep coming: whoever sends a byte now and then would keep a place that others
//! need.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use fault::TooSlow;
use http::Version;
use http_body::{Body as _, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use tonic::{Status, body::Body};

use super::is_grpc;
use crate::step::{Polled, Request};

/// How long a body is waited for in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that buy one more second.
const PACE: u64 = 1024;

/// Gives the body of a request up once it comes too slowly. It stands in front of JSON's way to gRPC, which reads the
/// whole body before anybody else sees the call; a gRPC call's own body is bounded by its deadline.
pub(crate) fn keep_coming(request: Request) -> Request {
    let grpc = is_grpc(request.headers()) && request.version() >= Version::HTTP_2;
    if grpc { request } else { request.map(InTime::around) }
}

/// Ends with [`TooSlow`] once it was waited for too long. What our own side takes does not count.
struct InTime {
    body: Body,
    received: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl InTime {
    fn around(body: Body) -> Body {
        if body.is_end_stream() {
            return body;
        }
        Body::new(Self { body, received: 0, waited: Duration::ZERO, waiting: None })
    }

    fn patience(&self) -> Duration {
        (PATIENCE + Duration::from_secs(self.received / PACE)).saturating_sub(self.waited)
    }
}

impl http_body::Body for InTime {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let waited = self.waiting.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
            self.waited += waited;
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            self.received += data.map_or(0, |data| data.len() as u64);
            return Poll::Ready(frame);
        }
        let patience = self.patience();
        let (_, end) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(patience))));
        if end.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.body = Body::empty();
        let mut given_up = Status::cancelled(TooSlow.to_string());
        given_up.set_source(Arc::new(TooSlow));
        Poll::Ready(Some(Err(given_up)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use bytes::Bytes;
    use fault::TooSlow;
    use futures::{StreamExt, stream};
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use tokio::time::{Instant, sleep};
    use tonic::body::Body;

    use super::InTime;

    /// Pieces of this size, each after this time.
    fn dripping(size: usize, pause: Duration, pieces: usize) -> Body {
        let drops = stream::iter(0..pieces).then(move |_| async move {
            sleep(pause).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; size])))
        });
        InTime::around(Body::new(StreamBody::new(Box::pin(drops))))
    }

    #[tokio::test(start_paused = true)]
    async fn what_drips_or_stands_still_is_given_up() {
        for (size, pause) in [(1, Duration::from_millis(500)), (1, Duration::from_hours(1))] {
            let began = Instant::now();
            let late = dripping(size, pause, 1000).collect().await.err().unwrap();
            assert!(TooSlow::is_cause_of(&late), "{late:?}");
            assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_slowly_but_steadily_is_read_and_our_own_time_does_not_count() {
        let slow = dripping(2048, Duration::from_secs(1), 100).collect().await.unwrap().to_bytes();
        assert_eq!(slow.len(), 204_800);
        let mut body = dripping(1, Duration::from_secs(1), 8);
        let mut pieces = 0;
        while let Some(frame) = body.frame().await {
            pieces += frame.unwrap().data_ref().unwrap().len();
            sleep(Duration::from_mins(1)).await;
        }
        assert_eq!(pieces, 8);
    }
}
