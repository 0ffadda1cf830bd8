//! How many calls of a tool run at once.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::sync::Semaphore;
use tower::{Layer, Service};

use super::attempt::within;
use crate::{Call, Output, ToolsError};

/// How long a call waits for a seat: long enough to even out a burst, too short to pile up behind a slow upstream.
const WAIT: Duration = Duration::from_millis(250);
/// What those who found no seat are told.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Gives each call a seat.
#[derive(Clone)]
pub(crate) struct ConcurrencyLayer {
    tool: Arc<str>,
    seats: Arc<Semaphore>,
    concurrency: usize,
}

impl ConcurrencyLayer {
    pub(crate) fn new(tool: &str, concurrency: usize) -> Self {
        Self { tool: tool.into(), seats: Arc::new(Semaphore::new(concurrency)), concurrency }
    }

    fn busy(&self) -> ToolsError {
        ToolsError::Busy {
            name: self.tool.to_string(),
            concurrency: self.concurrency,
            retry_after: RETRY_AFTER,
        }
    }
}

impl<S> Layer<S> for ConcurrencyLayer {
    type Service = Concurrency<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Concurrency { seats: self.clone(), inner }
    }
}

#[derive(Clone)]
pub(crate) struct Concurrency<S> {
    seats: ConcurrencyLayer,
    inner: S,
}

impl<S> Service<Call> for Concurrency<S>
where
    S: Service<Call, Response = Output, Error = ToolsError> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Output;
    type Error = ToolsError;
    type Future = BoxFuture<'static, Result<Output, ToolsError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ToolsError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let layer = self.seats.clone();
        Box::pin(async move {
            let wait = call.patience(WAIT);
            let seat = within(wait, Arc::clone(&layer.seats).acquire_owned()).await;
            let Some(Ok(_seat)) = seat else { return Err(layer.busy()) };
            inner.call(call).await
        })
    }
}
