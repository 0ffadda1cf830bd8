//! Tries a call on one pod after another, while that is safe and the budget allows it.

use std::{sync::Arc, time::Duration};

use http::{Extensions, Uri};
use tokio::time::sleep;
use tower::retry::budget::{Budget, TpsBudget};

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

/// The time over which the budget is counted.
const BUDGET_WINDOW: Duration = Duration::from_secs(10);
/// Retries that are always allowed, so that a quiet client can retry at all.
const BUDGET_RESERVE_PER_SECOND: u32 = 1;
/// Retries allowed for every call, so that retries cannot multiply an overload.
const BUDGET_SHARE: f32 = 0.2;

/// How often a call may meet a connection that is just closing. No pod has seen it then, so it is no retry.
const UNSENT: u32 = 3;

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

    /// Makes the call, on as many pods as it takes.
    pub(super) async fn call(self, request: Request) -> Response {
        self.budget.deposit();
        let (parts, body) = request.into_parts();
        let replay = Replay::new(body);
        let mut backoff = Backoff::new(FIRST_WAIT, LONGEST_WAIT);
        let (mut attempts, mut unsent, mut avoid) = (1, 0, None);
        loop {
            let request = Request::from_parts(head(&parts, &self.origin), replay.body());
            let response = match attempt(&self.pool, request, avoid).await {
                Attempt::Unsent { .. } if unsent < UNSENT && replay.is_possible() => {
                    unsent += 1;
                    continue;
                }
                Attempt::Answered(response) | Attempt::Unsent { response } => return response,
                Attempt::Unavailable { response, pod } => {
                    avoid = Some(pod);
                    response
                }
            };
            let wait = backoff.next();
            if !replay.is_possible() || !self.may_retry(&parts.extensions, attempts, wait) {
                return response;
            }
            attempts += 1;
            self.pool.metrics().retried();
            sleep(wait).await;
        }
    }

    fn may_retry(&self, call: &Extensions, attempts: u32, wait: Duration) -> bool {
        let once = call.get::<AtMostOnce>().is_some();
        let in_time = call.get::<Deadline>().is_none_or(|deadline| deadline.remaining() > wait);
        // The budget comes last, since asking spends it.
        !once && attempts < self.attempts && in_time && self.budget.withdraw()
    }
}
