//! A layer that only some requests go through; the others pay nothing for it.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::Either;
use tower::{Layer, Service, ServiceExt, util::Oneshot};

use crate::step::{Request, Response};

/// Puts a layer around a service for the requests that it is for.
#[derive(Clone)]
pub(crate) struct ForkLayer<L> {
    pub(crate) when: fn(&Request) -> bool,
    pub(crate) layer: L,
}

impl<L: Clone, S> Layer<S> for ForkLayer<L> {
    type Service = Fork<L, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Fork { fork: self.clone(), inner }
    }
}

/// A service with a layer for some requests.
#[derive(Clone)]
pub(crate) struct Fork<L, S> {
    fork: ForkLayer<L>,
    inner: S,
}

impl<L, S> Service<Request> for Fork<L, S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
    L: Layer<S>,
    L::Service: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Oneshot<L::Service, Request>, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if (self.fork.when)(&request) {
            let aside = self.fork.layer.layer(self.inner.clone());
            Either::Left(aside.oneshot(request))
        } else {
            Either::Right(self.inner.call(request))
        }
    }
}
