//! `ondol.tools.v1.WebhookService`, over the outbox.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use proto::tools::v1::{self as wire, webhook_service_server::WebhookService};
use tonic::{Request, Response, Status};

use crate::{
    McpError, convert,
    outbox::{Letter, Metrics, Outbox, deliver},
};

/// The service. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Webhooks {
    outbox: Arc<ArcSwapOption<Outbox>>,
    metrics: Metrics,
}

impl Webhooks {
    /// The service over the outbox of each moment, if there is one.
    pub(crate) fn new(outbox: Arc<ArcSwapOption<Outbox>>, metrics: Metrics) -> Self {
        Self { outbox, metrics }
    }

    async fn send(&self, request: Request<wire::DeliverRequest>) -> Result<wire::DeliverResponse, McpError> {
        let (_, extensions, asked) = request.into_parts();
        let wire::DeliverRequest { url, event_id, body } = asked;
        let letter = Letter {
            principal: convert::caller(&extensions).principal.to_string(),
            request_id: convert::request_id(&extensions),
            url,
            event_id,
            body: body.into(),
        };
        let status = deliver(self.outbox.load_full().as_deref(), letter, &self.metrics).await?;
        Ok(wire::DeliverResponse { status: status.into() })
    }
}

#[tonic::async_trait]
impl WebhookService for Webhooks {
    async fn deliver(
        &self,
        request: Request<wire::DeliverRequest>,
    ) -> Result<Response<wire::DeliverResponse>, Status> {
        self.send(request).await.map(Response::new).map_err(rpc::status)
    }
}
