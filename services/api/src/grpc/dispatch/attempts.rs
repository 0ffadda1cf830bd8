//! One call, made at as many targets as it takes.

use std::{future::pending, pin::pin, sync::Arc, time::Duration, vec};

use futures::{StreamExt, stream::FuturesUnordered};
use rpc::Deadline;
use tokio::time::sleep;
use tonic::Status;

use super::verdict::{Refusal, Verdict, judge, more_helpful};
use crate::{
    ApiError,
    routes::{Outcome, Route, Routes, Target},
};

/// How a call is made.
pub(super) struct Attempts {
    pub(super) routes: Arc<Routes>,
    pub(super) route: Arc<Route>,
    pub(super) deadline: Option<Deadline>,
    /// After how long it is made a second time, if at all.
    pub(super) hedge_after: Option<Duration>,
}

/// An answer, and who gave it.
pub(super) struct Won<A> {
    pub(super) answer: A,
    pub(super) target: Arc<Target>,
}

/// One attempt that has ended.
struct Ended<A> {
    target: Arc<Target>,
    is_hedge: bool,
    outcome: Result<A, Refusal>,
}

impl Attempts {
    /// Makes the call with `send` until a target answers. What is still under way then is dropped, which cancels it
    /// there.
    pub(super) async fn run<A, F>(self, send: impl Fn(Arc<Target>) -> F) -> Result<Won<A>, Status>
    where
        F: Future<Output = Result<A, Refusal>>,
    {
        self.routes.called();
        let start = |target: Arc<Target>, is_hedge| {
            target.called();
            let sent = send(Arc::clone(&target));
            async move { Ended { target, is_hedge, outcome: sent.await } }
        };
        let mut order = self.route.order().into_iter();
        let mut running: FuturesUnordered<_> =
            order.next().map(|first| start(first, false)).into_iter().collect();
        let mut hedge = pin!(wait(self.hedge_after));
        // Nothing until it is time for a second try; then whether there was one.
        let (mut hedged, mut refusal) = (None, None);
        loop {
            let ended = tokio::select! {
                biased;
                ended = running.next() => ended,
                () = &mut hedge, if hedged.is_none() => {
                    let second = self.another(&mut order);
                    hedged = Some(second.is_some());
                    running.extend(second.map(|target| start(target, true)));
                    continue;
                }
            };
            let Some(ended) = ended else { return Err(refusal.unwrap_or_else(nowhere)) };
            let (target, is_hedge) = (ended.target, ended.is_hedge);
            match self.judge(&target, ended.outcome) {
                Verdict::Answer(answer) => {
                    self.count_hedge(hedged, is_hedge);
                    return answer.map(|answer| Won { answer, target });
                }
                Verdict::Elsewhere(status, outcome) => {
                    refusal = Some(more_helpful(refusal, status));
                    let next = self.after(&target, outcome, &mut order);
                    running.extend(next.map(|target| start(target, false)));
                }
            }
        }
    }

    fn judge<A>(&self, target: &Target, outcome: Result<A, Refusal>) -> Verdict<A> {
        let verdict = judge(target, outcome);
        let outcome = match &verdict {
            Verdict::Answer(_) => Outcome::Answered,
            Verdict::Elsewhere(_, outcome) => *outcome,
        };
        self.routes.metrics().attempted(target.release().name(), outcome);
        verdict
    }

    /// The target that follows one that could not do it.
    fn after(
        &self,
        target: &Target,
        outcome: Outcome,
        order: &mut vec::IntoIter<Arc<Target>>,
    ) -> Option<Arc<Target>> {
        let next = self.another(order)?;
        let (left, to) = (target.release().name(), next.release().name());
        tracing::debug!(left, to, ?outcome, "a call goes on elsewhere");
        self.routes.metrics().failed_over(left, outcome);
        Some(next)
    }

    /// The next target, if there is one, and time, and the budget has room.
    fn another(&self, order: &mut vec::IntoIter<Arc<Target>>) -> Option<Arc<Target>> {
        let in_time = self.deadline.is_none_or(|deadline| !deadline.remaining().is_zero());
        // The budget comes last, since asking spends it.
        let may = in_time && !order.as_slice().is_empty() && self.routes.may_try_again();
        if may { order.next() } else { None }
    }

    /// Counts a call that was made a second time.
    fn count_hedge(&self, hedged: Option<bool>, won: bool) {
        if hedged == Some(true) {
            self.routes.metrics().hedged(won);
        }
    }
}

/// A route has targets, always.
fn nowhere() -> Status {
    rpc::status(ApiError::NoTarget)
}

async fn wait(length: Option<Duration>) {
    match length {
        Some(length) => sleep(length).await,
        None => pending().await,
    }
}
