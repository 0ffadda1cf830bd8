//! `webhook`: tells the end of a job to whom its owner has named.

use std::sync::Arc;

use jobs::{JobsError, Queue};
use jobview::{End, Json, WEBHOOK};
use proto::{jobs::v1::Webhook, tools::v1::DeliverRequest};
use rpc::{CallContext, Principal};

use super::Handler;
use crate::{WorkerError, assignment::Assignment, grpc::Toolbox};

/// The handler.
pub(crate) struct Tell {
    toolbox: Toolbox,
    queue: Arc<dyn Queue>,
    json: Json,
}

impl Tell {
    pub(crate) fn new(toolbox: Toolbox, queue: Arc<dyn Queue>, json: Json) -> Self {
        Self { toolbox, queue, json }
    }
}

impl Handler for Tell {
    type Work = Webhook;
    const KIND: &'static str = WEBHOOK;

    async fn run(&self, work: Webhook, assignment: &Assignment) -> Result<(), WorkerError> {
        let own = self.queue.get(assignment.job.parse()?).await?;
        let origin = own.origin.as_ref();
        let origin =
            origin.ok_or_else(|| WorkerError::Input("a webhook follows a job, and this one none".into()))?;
        let job = match self.queue.get(origin.id).await {
            Ok(job) => Some(job),
            // Its end is told all the same.
            Err(JobsError::NotFound { .. }) => None,
            Err(problem) => return Err(problem.into()),
        };
        let body = End { origin, job: job.as_ref() }.body(&self.json)?;
        // The owner's secret signs it, whoever is in the words of the call that asked.
        let context = CallContext {
            principal: Some(Principal::new(&assignment.owner)?),
            grants: None,
            ..assignment.context.clone()
        };
        let body = serde_json::to_vec(&body)?;
        // The job of the webhook is one for each end, so its name is that of the event.
        let request = DeliverRequest { url: work.url, event_id: assignment.job.clone(), body };
        self.toolbox.deliver(&context, request).await
    }
}
