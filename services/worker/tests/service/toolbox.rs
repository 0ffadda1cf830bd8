//! An mcp that does what a test tells it to, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use proto::tools::v1::{
    self as wire, tool_service_server::ToolService, webhook_service_server::WebhookService,
};
use tonic::{Request, Response, Status, metadata::MetadataMap};

/// The upstream. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Toolbox {
    refusals: Arc<Mutex<VecDeque<Status>>>,
    called: Arc<Mutex<Vec<(wire::CallToolRequest, MetadataMap)>>>,
    told: Arc<Mutex<Vec<(wire::DeliverRequest, MetadataMap)>>>,
    answer: Arc<Mutex<wire::CallToolResponse>>,
}

impl Toolbox {
    /// Refuses the next calls so, one after the other.
    pub(crate) fn refuse(&self, refusals: impl IntoIterator<Item = Status>) {
        self.refusals.lock().unwrap().extend(refusals);
    }

    /// Answers so from now on.
    pub(crate) fn answer(&self, answer: wire::CallToolResponse) {
        *self.answer.lock().unwrap() = answer;
    }

    /// What was called, refused calls too.
    pub(crate) fn called(&self) -> Vec<(wire::CallToolRequest, MetadataMap)> {
        self.called.lock().unwrap().clone()
    }

    /// What was to be told, refused ones too.
    pub(crate) fn told(&self) -> Vec<(wire::DeliverRequest, MetadataMap)> {
        self.told.lock().unwrap().clone()
    }

    fn refusal(&self) -> Result<(), Status> {
        self.refusals.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

#[tonic::async_trait]
impl ToolService for Toolbox {
    async fn list_tools(
        &self,
        _: Request<wire::ListToolsRequest>,
    ) -> Result<Response<wire::ListToolsResponse>, Status> {
        Err(Status::unimplemented("no job lists tools"))
    }

    async fn get_tool(&self, _: Request<wire::GetToolRequest>) -> Result<Response<wire::Tool>, Status> {
        Err(Status::unimplemented("no job looks at tools"))
    }

    async fn call_tool(
        &self,
        request: Request<wire::CallToolRequest>,
    ) -> Result<Response<wire::CallToolResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.called.lock().unwrap().push((message, metadata));
        self.refusal()?;
        Ok(Response::new(self.answer.lock().unwrap().clone()))
    }
}

#[tonic::async_trait]
impl WebhookService for Toolbox {
    async fn deliver(
        &self,
        request: Request<wire::DeliverRequest>,
    ) -> Result<Response<wire::DeliverResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.told.lock().unwrap().push((message, metadata));
        self.refusal()?;
        Ok(Response::new(wire::DeliverResponse { status: 204 }))
    }
}
