//! `ondol.tools.v1.ToolService`, over the registry and each caller's own large answers; `webhooks` is
//! `ondol.tools.v1.WebhookService`.

mod reading;
mod webhooks;

use contract::{Page, answer_name, tool_name};
use proto::tools::v1::{self as wire, tool_service_server::ToolService};
use tonic::{Request, Response, Status};
use tools::{Call, Registry, ToolsError};

use self::reading::Pieces;
pub(crate) use self::webhooks::Webhooks;
use crate::{McpError, convert, resources::Answers};

/// The service.
#[derive(Clone)]
pub(crate) struct Tools {
    registry: Registry,
    answers: Option<Answers>,
}

impl Tools {
    /// The service over these tools, whose large answers lie there.
    pub(crate) fn new(registry: Registry, answers: Option<Answers>) -> Self {
        Self { registry, answers }
    }

    fn list(&self, request: &Request<wire::ListToolsRequest>) -> Result<wire::ListToolsResponse, McpError> {
        let asked = request.get_ref();
        let page = Page::new(asked.page_size, &asked.page_token)?;
        let tools = self.registry.list(&convert::caller(request.extensions()));
        let (tools, next_page_token) = page.of(tools, |tool| tool.descriptor.name.as_str());
        Ok(wire::ListToolsResponse { tools: tools.iter().map(convert::tool).collect(), next_page_token })
    }

    fn get(&self, request: &Request<wire::GetToolRequest>) -> Result<wire::Tool, McpError> {
        let name = tool_name(&request.get_ref().name)?;
        let tool = self.registry.get(name, &convert::caller(request.extensions()))?;
        Ok(convert::tool(&tool))
    }

    async fn call(
        &self,
        request: Request<wire::CallToolRequest>,
    ) -> Result<wire::CallToolResponse, McpError> {
        let (_, extensions, asked) = request.into_parts();
        let name = tool_name(&asked.name)?;
        let arguments = contract::json_arguments("arguments", asked.arguments.unwrap_or_default())?;
        let call = Call {
            request_id: convert::request_id(&extensions),
            trace: rpc::kept_trace(),
            deadline: convert::deadline(&extensions),
            ..Call::new(arguments, convert::caller(&extensions))
        };
        Ok(convert::answer(self.registry.call(name, call).await?))
    }

    async fn read(&self, request: Request<wire::ReadAnswerRequest>) -> Result<Pieces, McpError> {
        let name = answer_name(&request.get_ref().name)?;
        // Without a store nothing is put away.
        let answers = self.answers.as_ref().ok_or(ToolsError::NothingThere)?;
        let object = answers.open(&convert::caller(request.extensions()), name).await?;
        Ok(reading::pieces(object))
    }
}

#[tonic::async_trait]
impl ToolService for Tools {
    type ReadAnswerStream = Pieces;

    async fn list_tools(
        &self,
        request: Request<wire::ListToolsRequest>,
    ) -> Result<Response<wire::ListToolsResponse>, Status> {
        self.list(&request).map(Response::new).map_err(rpc::status)
    }

    async fn get_tool(&self, request: Request<wire::GetToolRequest>) -> Result<Response<wire::Tool>, Status> {
        self.get(&request).map(Response::new).map_err(rpc::status)
    }

    async fn call_tool(
        &self,
        request: Request<wire::CallToolRequest>,
    ) -> Result<Response<wire::CallToolResponse>, Status> {
        self.call(request).await.map(Response::new).map_err(rpc::status)
    }

    async fn read_answer(
        &self,
        request: Request<wire::ReadAnswerRequest>,
    ) -> Result<Response<Self::ReadAnswerStream>, Status> {
        self.read(request).await.map(Response::new).map_err(rpc::status)
    }
}
