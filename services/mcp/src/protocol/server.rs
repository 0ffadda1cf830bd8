//! What the protocol asks, answered out of what the service shows.

use std::sync::Arc;

use contract::Page;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams,
        CompleteResult, CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse,
        GetTaskParams, GetTaskResult, Implementation, InitializeRequestParams, InitializeResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
        PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
        ServerConfig, TASKS_EXTENSION_ID, Tool, UpdateTaskParams,
    },
    service::RequestContext,
};

use super::{answer, asker::Asker, refusal, seal::Seal, tasks::Tasks};
use crate::{resources::Answers, start::Faces};

/// How long a client may keep a list: about how long a change of the configuration may go unseen.
const LIST_TTL_MS: u64 = 10_000;

/// What is answered here. A request for one of them that cannot be read says something wrong beside its method.
const METHODS: [&str; 13] = [
    "completion/complete",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "tasks/cancel",
    "tasks/get",
    "tasks/update",
    "tools/call",
    "tools/list",
];

/// The server. Each request has one of its own, and nothing is kept between them but tasks.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) faces: Faces,
    pub(super) answers: Option<Arc<Answers>>,
    pub(super) seal: Arc<Seal>,
    pub(super) tasks: Tasks,
}

type Paging = Option<PaginatedRequestParams>;
type Context = RequestContext<RoleServer>;

impl Server {
    pub(super) fn new(faces: Faces, answers: Option<Arc<Answers>>, seal: Arc<Seal>, tasks: Tasks) -> Self {
        Self { faces, answers, seal, tasks }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions();
        let capabilities = if self.tasks.are_offered() { capabilities.enable_tasks() } else { capabilities };
        let mut info = ServerConfig::new(capabilities.build());
        info.server_info = Implementation::new("ondol", env!("CARGO_PKG_VERSION")).with_title("Ondol tools");
        info
    }

    /// For the revisions that have a handshake. Their tasks are others, which nobody is offered here.
    async fn initialize(
        &self,
        asked: InitializeRequestParams,
        context: Context,
    ) -> Result<InitializeResult, ErrorData> {
        let mut info = self.negotiate_initialize(&asked)?;
        context.peer.set_peer_info(asked);
        if let Some(mut extensions) = info.capabilities.extensions.take() {
            extensions.remove(TASKS_EXTENSION_ID);
            info.capabilities.extensions = (!extensions.is_empty()).then_some(extensions);
        }
        Ok(info)
    }

    /// What the protocol has no name for, or parameters that do not fit the name.
    async fn on_custom_request(
        &self,
        asked: CustomRequest,
        _context: Context,
    ) -> Result<CustomResult, ErrorData> {
        let method = asked.method;
        if METHODS.contains(&method.as_str()) {
            return Err(ErrorData::invalid_params(format!("params: do not fit {method}"), None));
        }
        // The current revision has no handshake, so one without its parameters is taken for a call of that revision.
        let hint = if method == "initialize" {
            ": 2026-07-28 has no handshake, and before it one needs protocolVersion, capabilities and clientInfo"
        } else {
            ""
        };
        let said = format!("there is no method {} here{hint}", refusal::short(&method));
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, said, None))
    }

    /// For the headers that repeat arguments, which have to be the same as the body. They decide nothing.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.faces.registry.find(name).map(|tool| answer::tool(&tool))
    }

    async fn list_tools(&self, asked: Paging, context: Context) -> Result<ListToolsResult, ErrorData> {
        let cursor = asked.and_then(|asked| asked.cursor).unwrap_or_default();
        let page = Page::new(0, &cursor).map_err(|error| answer::refused(&error))?;
        let tools = self.faces.registry.list(&Asker::of(&context).caller);
        let (tools, next) = page.of(tools, |tool| tool.descriptor.name.as_str());
        let mut list = ListToolsResult::with_all_items(tools.iter().map(answer::tool).collect())
            .with_ttl_ms(LIST_TTL_MS)
            // Each key has its own.
            .with_cache_scope(CacheScope::Private);
        list.next_cursor = (!next.is_empty()).then_some(next);
        Ok(list)
    }

    async fn call_tool(
        &self,
        asked: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(asked, context).await
    }

    async fn get_task(&self, asked: GetTaskParams, context: Context) -> Result<GetTaskResult, ErrorData> {
        self.tasks.get(&Asker::of(&context).caller, &asked.task_id).await.map(GetTaskResult::new)
    }

    async fn update_task(&self, asked: UpdateTaskParams, context: Context) -> Result<(), ErrorData> {
        self.tasks.answer(&Asker::of(&context).caller, &asked.task_id, asked.input_responses).await
    }

    async fn cancel_task(&self, asked: CancelTaskParams, context: Context) -> Result<(), ErrorData> {
        self.tasks.cancel(&Asker::of(&context).caller, &asked.task_id).await
    }

    async fn list_resources(
        &self,
        asked: Paging,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = asked.and_then(|asked| asked.cursor);
        let list = self.list(&Asker::of(&context), cursor.as_deref()).await?;
        Ok(list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _asked: Paging,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let list = self.templates(&Asker::of(&context));
        Ok(list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.read(asked, &Asker::of(&context)).await
    }

    async fn list_prompts(&self, asked: Paging, _context: Context) -> Result<ListPromptsResult, ErrorData> {
        let cursor = asked.and_then(|asked| asked.cursor).unwrap_or_default();
        let list = self.prompts(&cursor)?;
        Ok(list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn get_prompt(
        &self,
        asked: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(asked, &Asker::of(&context)).await
    }

    async fn complete(
        &self,
        asked: CompleteRequestParams,
        _context: Context,
    ) -> Result<CompleteResult, ErrorData> {
        self.completion(&asked)
    }
}
