//! `/mcp`: the Model Context Protocol over HTTP, in revision 2026-07-28 and the ones before.
//!
//! The transport, the revisions and their rules are rmcp's. `gate` lets callers in, `message` looks whether what came is one and
//! `refusal` says why a request has no answer; `asker` is who asks, `server` answers out of what the service shows. `calls` are calls of tools, which become `tasks` when they take long; `dialogue` is what tools
//! ask back, with what they have to find again under a `seal`. No session is kept: any replica answers any request.

mod answer;
mod asker;
mod calls;
mod dialogue;
mod gate;
mod message;
mod prompts;
mod refusal;
mod resources;
mod seal;
mod server;
mod tasks;

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use identity::Callers;
use objects::Objects;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use runtime::Life;

use self::{
    seal::Seal,
    server::Server,
    tasks::{Bounds, Shelf, Tasks},
};
use crate::{McpError, ProtocolArguments, resources::Answers, start::Faces};

const PATH: &str = "/mcp";
/// Every pattern, for the labels of metrics.
pub(crate) const PATHS: [&str; 1] = [PATH];
/// The largest request: a mebibyte of text to write, and what is around it.
const MAX_REQUEST: usize = 4 << 20;

/// The route, for these callers. Tasks are those of `life`; they lie in `objects`, or in memory.
pub async fn routes(
    faces: &Faces,
    objects: Option<Arc<dyn Objects>>,
    callers: Callers,
    arguments: &ProtocolArguments,
    life: &Life,
) -> Result<Router, McpError> {
    let seal = Seal::open(objects.as_ref()).await?;
    let shelf = objects.clone().map_or_else(Shelf::memory, Shelf::Stored);
    let tasks = Tasks::new(shelf, Bounds::new(arguments.tasks, arguments.task_keep), life.clone());
    life.spawn("tasks", tasks.clone().sweep());
    let answers = objects.map(Answers::new).map(Arc::new);
    let server = Server::new(faces.clone(), answers, Arc::new(seal), tasks);
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        settings(arguments),
    );
    Ok(Router::new()
        .route_service(PATH, service)
        .layer(from_fn(refusal::in_json))
        // Outermost: nothing of a stranger is read.
        .layer(from_fn_with_state(callers, gate::enter)))
}

fn settings(arguments: &ProtocolArguments) -> StreamableHttpServerConfig {
    let mut settings = StreamableHttpServerConfig::default();
    settings.legacy_session_mode = false;
    settings.json_response = true;
    settings.max_request_body_bytes = MAX_REQUEST;
    settings.allowed_hosts.extend(arguments.hosts.iter().cloned());
    settings.allowed_origins.extend(arguments.origins.iter().cloned());
    // Without a list every origin is refused, not none.
    settings.enforce_origin_validation()
}
