//! Calls that there is no room for, turned away before anything is done for them.
//!
//! In an overload most calls are refused, and what that costs is taken from those that are let in. So such a call has no span, no
//! line in the log and no key looked up: it is counted as every call is, and the log says now and then how many there were. Only
//! what is known without a closer look is refused here: that as many calls run as may, and what a [`Doorkeeper`] knows. All
//! others, and whoever slips through, meet the exact checks further in.

mod tally;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::Either;
use http::HeaderMap;
use tokio::time::Instant;
use tonic::Status;
use tower::{Layer, Service};

use crate::{
    RequestId, ServerMetrics,
    concurrency::LimitConcurrency,
    status::complete_at_once,
    step::{Request, Response, is_housekeeping},
};
pub(crate) use tally::Tally;

/// Knows calls that there is no room for, by their path and by headers that nobody has checked: the answer, or nothing, has to be
/// there at once. A refusal means that nothing was done.
pub type Doorkeeper = Arc<dyn Fn(&str, &HeaderMap) -> Option<Status> + Send + Sync>;

/// The layer. Not a step, as its answer is whole and nothing further out has to read it again.
#[derive(Clone)]
pub(crate) struct TurnAway {
    pub(crate) room: LimitConcurrency,
    pub(crate) keepers: Arc<[Doorkeeper]>,
    pub(crate) metrics: ServerMetrics,
    pub(crate) tally: Arc<Tally>,
}

impl TurnAway {
    fn refusal(&self, request: &Request) -> Option<Status> {
        let (path, headers) = (request.uri().path(), request.headers());
        if is_housekeeping(path) {
            return None;
        }
        self.room.refusal().or_else(|| self.keepers.iter().find_map(|knows| knows(path, headers)))
    }

    fn answer(&self, request: &Request, status: &Status, came: Instant) -> Response {
        self.tally.count(status);
        let id = request.extensions().get::<RequestId>().map_or("", RequestId::as_str);
        let answer = complete_at_once(status, id);
        self.metrics.turned_away(request, status.code(), came.elapsed());
        answer
    }
}

impl<S> Layer<S> for TurnAway {
    type Service = TurningAway<S>;

    fn layer(&self, inner: S) -> TurningAway<S> {
        TurningAway { layer: self.clone(), inner }
    }
}

/// A service that some calls do not reach.
#[derive(Clone)]
pub(crate) struct TurningAway<S> {
    layer: TurnAway,
    inner: S,
}

impl<S> Service<Request> for TurningAway<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let came = Instant::now();
        match self.layer.refusal(&request) {
            Some(status) => Either::Left(ready(Ok(self.layer.answer(&request, &status, came)))),
            None => Either::Right(self.inner.call(request)),
        }
    }
}
