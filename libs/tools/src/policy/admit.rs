//! A layer of checks that need no waiting.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::{Either, Ready, ready};
use tower::{Layer, Service};

use crate::{Call, ToolsError};

/// Lets a call through, or says why not.
#[derive(Clone)]
pub(crate) struct AdmitLayer<F>(Arc<F>);

impl<F: Fn(&mut Call) -> Result<(), ToolsError>> AdmitLayer<F> {
    pub(crate) fn new(check: F) -> Self {
        Self(Arc::new(check))
    }
}

impl<F, S> Layer<S> for AdmitLayer<F> {
    type Service = Admit<F, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Admit { check: Arc::clone(&self.0), inner }
    }
}

pub(crate) struct Admit<F, S> {
    check: Arc<F>,
    inner: S,
}

impl<F, S: Clone> Clone for Admit<F, S> {
    fn clone(&self) -> Self {
        Self { check: Arc::clone(&self.check), inner: self.inner.clone() }
    }
}

impl<F, S> Service<Call> for Admit<F, S>
where
    F: Fn(&mut Call) -> Result<(), ToolsError>,
    S: Service<Call, Error = ToolsError>,
{
    type Response = S::Response;
    type Error = ToolsError;
    type Future = Either<Ready<Result<S::Response, ToolsError>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut call: Call) -> Self::Future {
        match (self.check)(&mut call) {
            Ok(()) => Either::Right(self.inner.call(call)),
            Err(error) => Either::Left(ready(Err(error))),
        }
    }
}
