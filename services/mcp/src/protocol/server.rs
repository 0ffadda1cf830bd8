//! What the protocol asks, answered out of the registry.

use contract::Page;
use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, Implementation, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProgressNotificationParam,
        ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tools::{Call, Caller, Progress, Registry, Step};

use super::{answer, resources::Resources};
use crate::{convert, sources::upstream::HOPS};

/// How long a client may keep a list: about how long a change of the configuration may go unseen.
const LIST_TTL_MS: u64 = 10_000;
/// Steps of progress that wait to be sent; what comes while they do is left out.
const PROGRESS_WAITING: usize = 16;

/// The server. Each request has one of its own, and nothing is kept between them.
#[derive(Clone)]
pub(super) struct Server {
    registry: Registry,
    resources: Resources,
}

impl Server {
    pub(super) fn new(registry: Registry, resources: Resources) -> Self {
        Self { registry, resources }
    }

    /// Calls a tool, passing on its progress, until it has answered or the client has left.
    async fn call(
        &self,
        asked: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (steps, mut waiting) = mpsc::channel(PROGRESS_WAITING);
        let token = context.meta.get_progress_token();
        let progress = match &token {
            Some(_) => Progress::to(move |step| drop(steps.try_send(step))),
            None => Progress::default(),
        };
        let (caller, request_id, deadline) = asker(&context);
        let arguments = asked.arguments.unwrap_or_default();
        let hops = context.meta.get(HOPS).and_then(Value::as_u64).unwrap_or_default();
        let call = Call { arguments, caller, request_id, deadline, progress, hops };
        let mut answering = std::pin::pin!(self.registry.call(&asked.name, call));
        loop {
            tokio::select! {
                answered = &mut answering => return answer::response(answered),
                () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
                Some(step) = waiting.recv() => {
                    if let Some(token) = token.clone() {
                        // Progress is for watching: where it cannot be sent, the answer still can.
                        let _ = context.peer.notify_progress(told(token, step)).await;
                    }
                }
            }
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let mut info = ServerConfig::new(capabilities);
        info.server_info = Implementation::new("ondol", env!("CARGO_PKG_VERSION")).with_title("Ondol tools");
        info
    }

    async fn list_tools(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let cursor = asked.and_then(|asked| asked.cursor).unwrap_or_default();
        let page = Page::new(0, &cursor).map_err(|error| answer::refused(&error))?;
        let (caller, ..) = asker(&context);
        let (tools, next) = page.of(self.registry.list(&caller), |tool| tool.descriptor.name.as_str());
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
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.call(asked, context).await
    }

    async fn list_resources(
        &self,
        asked: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = asked.and_then(|asked| asked.cursor);
        let (caller, ..) = asker(&context);
        let list =
            self.resources.list(&caller, cursor.as_deref()).await.map_err(|error| answer::failed(&error))?;
        Ok(list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _asked: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let (caller, ..) = asker(&context);
        let list = ListResourceTemplatesResult::with_all_items(self.resources.templates(&caller));
        Ok(list.with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        asked: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let (caller, ..) = asker(&context);
        let contents =
            self.resources.read(&caller, &asked.uri).await.map_err(|error| answer::failed(&error))?;
        Ok(contents.into())
    }
}

/// Who asks, as the gate has found out.
fn asker(context: &RequestContext<RoleServer>) -> (Caller, String, Option<tokio::time::Instant>) {
    let Some(parts) = context.extensions.get::<Parts>() else {
        return (Caller::new(convert::ANONYMOUS), String::new(), None);
    };
    let caller = parts.extensions.get::<Caller>().cloned();
    let caller =
        caller.unwrap_or_else(|| Caller { tools: Some(Vec::new()), ..Caller::new(convert::ANONYMOUS) });
    (caller, convert::request_id(&parts.extensions), convert::deadline(&parts.extensions))
}

fn told(token: rmcp::model::ProgressToken, step: Step) -> ProgressNotificationParam {
    let mut told = ProgressNotificationParam::new(token, step.done);
    told.total = step.total;
    told.message = step.message;
    told
}
