//! `ondol.tools.v1.ToolService`, forwarded to mcp in the caller's name, with what its key grants.

use std::pin::Pin;

use contract::{Page, answer_name, tool_name};
use futures::{Stream, StreamExt};
use proto::tools::v1::{
    self as wire, tool_service_client::ToolServiceClient, tool_service_server::ToolService,
};
use rpc::{AtMostOnce, Upstream};
use tonic::{Request, Response, Status};

use super::{
    forward::{answer, forwarded, from_peer},
    limits::Admission,
};

/// The service.
#[derive(Clone)]
pub(crate) struct Tools {
    upstream: ToolServiceClient<Upstream>,
    admission: Admission,
}

impl Tools {
    /// A service that forwards to `upstream` what is let in.
    pub(crate) fn new(upstream: Upstream, admission: Admission) -> Self {
        // mcp bounds its answers where it makes them.
        let upstream = ToolServiceClient::new(upstream).max_decoding_message_size(usize::MAX);
        Self { upstream, admission }
    }
}

#[tonic::async_trait]
impl ToolService for Tools {
    type ReadAnswerStream = Pin<Box<dyn Stream<Item = Result<wire::ReadAnswerResponse, Status>> + Send>>;

    async fn list_tools(
        &self,
        request: Request<wire::ListToolsRequest>,
    ) -> Result<Response<wire::ListToolsResponse>, Status> {
        Page::new(request.get_ref().page_size, &request.get_ref().page_token).map_err(rpc::status)?;
        answer(self.upstream.clone().list_tools(forwarded(request)).await)
    }

    async fn get_tool(&self, request: Request<wire::GetToolRequest>) -> Result<Response<wire::Tool>, Status> {
        tool_name(&request.get_ref().name).map_err(rpc::status)?;
        answer(self.upstream.clone().get_tool(forwarded(request)).await)
    }

    async fn call_tool(
        &self,
        request: Request<wire::CallToolRequest>,
    ) -> Result<Response<wire::CallToolResponse>, Status> {
        tool_name(&request.get_ref().name).map_err(rpc::status)?;
        let admitted = self.admission.request(request.extensions()).await?;
        let mut request = forwarded(request);
        // mcp knows which tools may be tried again, and does it itself.
        request.extensions_mut().insert(AtMostOnce);
        admitted.telling(answer(self.upstream.clone().call_tool(request).await))
    }

    async fn read_answer(
        &self,
        request: Request<wire::ReadAnswerRequest>,
    ) -> Result<Response<Self::ReadAnswerStream>, Status> {
        answer_name(&request.get_ref().name).map_err(rpc::status)?;
        let pieces = answer(self.upstream.clone().read_answer(forwarded(request)).await)?.into_inner();
        Ok(Response::new(Box::pin(pieces.map(|piece| piece.map_err(from_peer)))))
    }
}
