//! An mcp that does what a test tells it to, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use futures::stream;
use proto::tools::v1::{
    self as wire, tool_service_server::ToolService, webhook_service_server::WebhookService,
};
use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::stand::OWNER;

/// The upstream. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Toolbox {
    refusals: Arc<Mutex<VecDeque<Status>>>,
    called: Arc<Mutex<Vec<(wire::CallToolRequest, MetadataMap)>>>,
    told: Arc<Mutex<Vec<(wire::DeliverRequest, MetadataMap)>>>,
    answer: Arc<Mutex<wire::CallToolResponse>>,
    hints: Arc<Mutex<wire::ToolAnnotations>>,
    whole: Arc<Mutex<Vec<wire::ReadAnswerResponse>>>,
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

    /// Says this of every tool from now on.
    pub(crate) fn hint(&self, hints: wire::ToolAnnotations) {
        *self.hints.lock().unwrap() = hints;
    }

    /// Hands this out for every answer that was too large.
    pub(crate) fn keep(&self, whole: Vec<wire::ReadAnswerResponse>) {
        *self.whole.lock().unwrap() = whole;
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
    type ReadAnswerStream = stream::Iter<std::vec::IntoIter<Result<wire::ReadAnswerResponse, Status>>>;

    async fn list_tools(
        &self,
        _: Request<wire::ListToolsRequest>,
    ) -> Result<Response<wire::ListToolsResponse>, Status> {
        Err(Status::unimplemented("no job lists tools"))
    }

    async fn get_tool(&self, _: Request<wire::GetToolRequest>) -> Result<Response<wire::Tool>, Status> {
        let annotations = Some(*self.hints.lock().unwrap());
        Ok(Response::new(wire::Tool { annotations, ..wire::Tool::default() }))
    }

    async fn read_answer(
        &self,
        request: Request<wire::ReadAnswerRequest>,
    ) -> Result<Response<Self::ReadAnswerStream>, Status> {
        assert_eq!(request.metadata().get("x-ondol-principal").unwrap(), OWNER);
        let whole: Vec<_> = self.whole.lock().unwrap().iter().cloned().map(Ok).collect();
        if whole.is_empty() {
            return Err(Status::internal("lost"));
        }
        Ok(Response::new(stream::iter(whole)))
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
