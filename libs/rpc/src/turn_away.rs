//! Calls that there is no room for, turned away before anything is done for them.
//!
//! In an overload most calls are refused, and what that costs is taken from those that are let in. So such a call has
//! no span, no line in the log and no key looked up: it is counted as every call is, and the log says now and then how
//! many there were. Only what is known without a closer look is refused here: that as many calls run as may, and what a
//! [`Doorkeeper`] knows. All others, and whoever slips through, meet the exact checks further in.

mod refusal;
mod tally;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::Either;
use http::{HeaderMap, Version};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, util::Oneshot};

use crate::{
    RequestId, ServerMetrics,
    concurrency::LimitConcurrency,
    plain::is_grpc,
    step::{Request, Response, is_housekeeping},
};
pub use refusal::Refusal;
pub(crate) use tally::Tally;

/// Knows calls that there is no room for, by their path and by headers that nobody has checked: the answer, or nothing,
/// has to be there at once. A refusal means that nothing was done.
pub type Doorkeeper = Arc<dyn Fn(&str, &HeaderMap) -> Option<Arc<Refusal>> + Send + Sync>;

/// What is known at the door.
pub(crate) struct Watch {
    pub(crate) room: LimitConcurrency,
    pub(crate) keepers: Vec<Doorkeeper>,
    pub(crate) metrics: ServerMetrics,
    pub(crate) tally: Tally,
}

impl Watch {
    fn refusal(&self, request: &Request) -> Option<Arc<Refusal>> {
        let (path, headers) = (request.uri().path(), request.headers());
        self.room.refusal().or_else(|| self.keepers.iter().find_map(|knows| knows(path, headers)))
    }

    fn answer(&self, request: &Request, refusal: &Refusal, came: Instant) -> Response {
        self.tally.count(refusal);
        let named = request.extensions().get::<RequestId>().cloned();
        let id = named.unwrap_or_else(|| RequestId::of(request.headers()));
        let answer = refusal.answer(&id);
        self.metrics.turned_away(request, refusal.code(), came.elapsed());
        answer
    }
}

/// Where calls are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    /// In front of everything: gRPC as it comes.
    Front,
    /// Behind what makes gRPC of other languages, and tells those who speak none of it in HTTP's words: all others.
    Behind,
}

/// In the extensions of a call that was looked at in front.
#[derive(Clone, Copy)]
struct Seen;

/// The layer. Not a step, as its answer is whole and nothing further out has to read it again.
#[derive(Clone)]
pub(crate) struct TurnAway {
    post: Post,
    watch: Arc<Watch>,
}

impl TurnAway {
    pub(crate) fn new(post: Post, watch: &Arc<Watch>) -> Self {
        Self { post, watch: Arc::clone(watch) }
    }

    /// Looks at a call once, at one of the two posts.
    fn refusal(&self, request: &mut Request) -> Option<Arc<Refusal>> {
        let is_here = match self.post {
            Post::Front => request.version() >= Version::HTTP_2 && is_grpc(request.headers()),
            Post::Behind => request.extensions().get::<Seen>().is_none(),
        };
        if !is_here || is_housekeeping(request.uri().path()) {
            return None;
        }
        let refusal = self.watch.refusal(request);
        if refusal.is_none() && self.post == Post::Front {
            request.extensions_mut().insert(Seen);
        }
        refusal
    }
}

impl<S> Layer<S> for TurnAway {
    type Service = TurningAway<S>;

    fn layer(&self, inner: S) -> TurningAway<S> {
        TurningAway { layer: self.clone(), inner: Arc::new(inner) }
    }
}

/// A service that some calls do not reach. What is inside is cloned for those that do, and not before.
#[derive(Clone)]
pub(crate) struct TurningAway<S> {
    layer: TurnAway,
    inner: Arc<S>,
}

impl<S> Service<Request> for TurningAway<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, Oneshot<S, Request>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whether there is room is said by an answer.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let came = Instant::now();
        match self.layer.refusal(&mut request) {
            Some(refusal) => Either::Left(ready(Ok(self.layer.watch.answer(&request, &refusal, came)))),
            None => Either::Right(S::clone(&self.inner).oneshot(request)),
        }
    }
}
