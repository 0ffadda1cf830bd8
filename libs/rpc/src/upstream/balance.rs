//! Tries a call on one pod after another, while that is safe and the budget allows it.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use http::Uri;
use tokio::time::sleep;
use tower::{
    Service,
    retry::budget::{Budget, TpsBudget},
};

use super::{
    UpstreamSettings,
    attempt::{Attempt, attempt, head},
    backoff::Backoff,
    pool::Pool,
    replay::Replay,
};
use crate::{
    Deadline,
    step::{Request, Response},
};

/// Over so long the budget is counted.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Retries that are always allowed, so that a quiet client can retry at all.
const BUDGET_RESERVE_PER_SECOND: u32 = 1;
/// Retries allowed for every call, so that retries cannot multiply an overload.
const BUDGET_SHARE: f32 = 0.2;

const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// In a request's extensions: never to be sent a second time once a pod may have seen it. For calls with effects
/// that are not safe to repeat.
#[derive(Clone, Copy, Debug)]
pub struct AtMostOnce;

/// The innermost service of the client stack.
#[derive(Clone)]
pub(super) struct Balanced {
    pool: Arc<Pool>,
    origin: Uri,
    attempts: u32,
    budget: Arc<TpsBudget>,
}

impl Balanced {
    pub(super) fn new(settings: &UpstreamSettings, pool: Arc<Pool>) -> Self {
        let budget = TpsBudget::new(BUDGET_WINDOW, BUDGET_RESERVE_PER_SECOND, BUDGET_SHARE);
        Self { pool, origin: settings.url.clone(), attempts: settings.attempts, budget: Arc::new(budget) }
    }

    async fn run(self, request: Request) -> Response {
        self.budget.deposit();
        let (parts, body) = request.into_parts();
        let replay = Replay::new(body);
        let once = parts.extensions.get::<AtMostOnce>().is_some();
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let mut avoid = None;
        let mut left = self.attempts;
        loop {
            let request = Request::from_parts(head(&parts, &self.origin), replay.body());
            let (response, seen) = match attempt(&self.pool, request, avoid).await {
                Attempt::Answered(response) => return response,
                Attempt::Unavailable { response, pod, seen } => {
                    avoid = pod;
                    (response, seen)
                }
            };
            left = left.saturating_sub(1);
            let wait = backoff.next();
            let in_time = parts.extensions.get().is_none_or(|it: &Deadline| it.remaining() > wait);
            let safe = !(once && seen) && replay.is_possible();
            // The budget comes last, since asking spends it.
            if left == 0 || !in_time || !safe || !self.budget.withdraw() {
                return response;
            }
            self.pool.metrics().retried();
            sleep(wait).await;
        }
    }
}

impl Service<Request> for Balanced {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.clone().run(request).map(Ok).boxed()
    }
}
