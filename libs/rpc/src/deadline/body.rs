//! Cuts a body short at its deadline.

use std::{
    pin::Pin,
    task::{Context, ready},
};

use http_body::SizeHint;
use tokio::time::{Instant, Sleep, sleep_until};

use super::exceeded;
use crate::step::{BodyStep, Inner, Polled};

/// Ends with `DEADLINE_EXCEEDED` in the trailers once the time is up, and drops the inner body at that moment.
pub(super) struct BoundBody {
    deadline: Instant,
    /// Set once there is something to wait for, which short bodies never have.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl BoundBody {
    pub(super) fn new(deadline: Instant) -> Self {
        Self { deadline, alarm: None }
    }
}

impl BodyStep for BoundBody {
    fn poll(&mut self, inner: &mut Inner, cx: &mut Context<'_>) -> Polled {
        // The clock comes first: a body that is always ready must end too.
        if Instant::now() < self.deadline {
            let frame = inner.poll(cx);
            if frame.is_ready() {
                return frame;
            }
            let deadline = self.deadline;
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            ready!(alarm.as_mut().poll(cx));
        }
        inner.cut_short(&exceeded())
    }

    fn size_hint(&self, _: SizeHint) -> SizeHint {
        // A length that was promised could not be kept.
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body::Body as _;
    use http_body_util::Full;
    use tokio::time::Instant;
    use tonic::body::Body;

    use super::BoundBody;
    use crate::step::BodyStep;

    #[tokio::test(start_paused = true)]
    async fn no_length_is_promised() {
        let body = Body::new(Full::from("five!"));
        assert_eq!(body.size_hint().exact(), Some(5));
        let bound = BoundBody::new(Instant::now() + Duration::from_secs(1)).around(body);
        assert_eq!(bound.size_hint().exact(), None);
    }
}
