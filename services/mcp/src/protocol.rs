//! `/mcp`: the Model Context Protocol over HTTP, in revision 2026-07-28 and the ones before.
//!
//! The transport, the revisions and their rules are rmcp's. `gate` lets keys in, `server` answers out of the registry,
//! `resources` shows objects. No session is kept: any replica answers any request.

mod answer;
mod gate;
mod resources;
mod server;
mod uri;

use std::sync::Arc;

use accounts::Keys;
use axum::{Router, middleware::from_fn_with_state};
use objects::Objects;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use self::{resources::Resources, server::Server};
use crate::{ProtocolArguments, start::Faces};

const PATH: &str = "/mcp";
/// Every pattern, for the labels of metrics.
pub(crate) const PATHS: [&str; 1] = [PATH];
/// The largest request: a mebibyte of text to write, and what is around it.
const MAX_REQUEST: usize = 4 << 20;

impl ProtocolArguments {
    /// Whether anybody could call it.
    pub(crate) fn is_served(&self) -> bool {
        self.keys.api_keys_file.is_some() || !self.keys.api_keys.is_empty()
    }
}

/// The route, for whoever holds one of these keys.
pub fn routes(
    faces: &Faces,
    objects: Option<Arc<dyn Objects>>,
    keys: Keys,
    arguments: &ProtocolArguments,
) -> Router {
    let resources = Resources::new(faces.registry.clone(), Arc::clone(&faces.buckets), objects);
    let server = Server::new(faces.registry.clone(), resources);
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        settings(arguments),
    );
    Router::new().route_service(PATH, service).layer(from_fn_with_state(Arc::new(keys), gate::enter))
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
