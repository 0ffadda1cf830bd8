//! How many calls of a tool run at once.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    around::{Around, Below},
    attempt::within,
};
use crate::{Call, Output, ToolsError};

/// How long a call waits for a seat: long enough to even out a burst, too short to pile up behind a slow upstream.
const WAIT: Duration = Duration::from_millis(250);
/// What those who found no seat are told.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Gives each call a seat.
pub(crate) struct Seats {
    tool: String,
    free: Semaphore,
    concurrency: usize,
}

impl Seats {
    pub(crate) fn new(tool: &str, concurrency: usize) -> Self {
        Self { tool: tool.into(), free: Semaphore::new(concurrency), concurrency }
    }

    fn busy(&self) -> ToolsError {
        ToolsError::Busy { name: self.tool.clone(), concurrency: self.concurrency, retry_after: RETRY_AFTER }
    }
}

impl Around for Seats {
    async fn around<S: Below>(self: Arc<Self>, call: Call, mut rest: S) -> Result<Output, ToolsError> {
        let seat = within(call.patience(WAIT), self.free.acquire()).await;
        let Some(Ok(_seat)) = seat else { return Err(self.busy()) };
        rest.call(call).await
    }
}
