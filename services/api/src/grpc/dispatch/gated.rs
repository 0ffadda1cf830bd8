//! A call that generates, at the gate of a release: it may wait there, or be sent away, and what becomes of it teaches
//! the gate how many calls the release takes.

use std::time::Duration;

use proto::inference::v1::{StreamGenerateTextResponse, Timings, stream_generate_text_response::Event};
use tonic::{Code, Status};

use super::verdict::Refusal;
use crate::routes::{Pass, Priority, Release};

/// A call that was let in, until this is dropped.
pub(super) struct Gated {
    /// Nothing where there is no gate.
    pass: Option<Pass>,
}

impl Gated {
    pub(super) async fn enter(release: &Release, priority: Priority) -> Result<Self, Refusal> {
        let Some(gate) = release.gate() else { return Ok(Self { pass: None }) };
        let pass = gate.enter(priority).await.map_err(|shed| Refusal::Shed(rpc::status(shed)))?;
        Ok(Self { pass: Some(pass) })
    }

    /// Sees an error.
    pub(super) fn failed(&self, status: &Status) {
        if let Some(pass) = self.pass.as_ref().filter(|_| status.code() == Code::ResourceExhausted) {
            pass.refused();
        }
    }

    /// Sees how long everything took.
    pub(super) fn took(&self, timings: Option<&Timings>) {
        let queued = timings.and_then(|timings| timings.queued).and_then(|it| Duration::try_from(it).ok());
        if let (Some(pass), Some(queued)) = (&self.pass, queued) {
            pass.waited(queued);
        }
    }

    /// Sees what comes of a stream.
    pub(super) fn see(&self, event: &Result<StreamGenerateTextResponse, Status>) {
        match event.as_ref().map(|response| response.event.as_ref()) {
            Ok(Some(Event::Finished(finished))) => self.took(finished.timings.as_ref()),
            Ok(_) => {}
            Err(status) => self.failed(status),
        }
    }
}
