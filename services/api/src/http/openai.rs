//! OpenAI's interface to models: `/v1/chat/completions`, `/v1/completions`, `/v1/responses`, `/v1/models`.
//!
//! `openai`, the library, reads requests and writes answers. The handlers here ask the same service that gRPC reaches,
//! in this process and with what the caller's key allows, so that every rule of it holds for them too:
//! - `generate` answers with a whole document, `events` with a stream of them;
//! - `models` lists and describes;
//! - `body` reads, `keyed` finds out who calls, `query` refuses what stands behind a path.

mod body;
mod events;
mod generate;
mod keyed;
mod models;
mod query;

use axum::{
    Router,
    body::Body,
    extract::State,
    routing::{MethodRouter, get, post},
};
use http::HeaderMap;
use openai::{Endpoint, error_of};
use serde_json::Value;

use self::{keyed::Keyed, query::NoQuery};
use super::{Refused, refuse_method};
use crate::{auth::Authenticate, grpc::Inference};

pub(crate) const CHAT: &str = "/v1/chat/completions";
pub(crate) const COMPLETIONS: &str = "/v1/completions";
pub(crate) const RESPONSES: &str = "/v1/responses";
pub(crate) const MODELS: &str = "/v1/models";
pub(crate) const MODEL: &str = "/v1/models/{model}";
/// Where all of them are, and where OpenAI's clients look for more.
const ROOT: &str = "/v1/";

/// What the handlers share.
#[derive(Clone)]
struct Surface {
    authenticate: Authenticate,
    inference: Inference,
    /// The most bytes in the body of a request.
    limit: usize,
}

/// The routes in front of the service that generates.
pub(crate) fn routes(authenticate: Authenticate, inference: Inference, limit: usize) -> Router {
    Router::new()
        .route(CHAT, at(Endpoint::Chat))
        .route(COMPLETIONS, at(Endpoint::Completions))
        .route(RESPONSES, at(Endpoint::Responses))
        .route(MODELS, get(models::list))
        .route(MODEL, get(models::describe))
        .method_not_allowed_fallback(refuse_method)
        .with_state(Surface { authenticate, inference, limit })
}

fn at(endpoint: Endpoint) -> MethodRouter<Surface> {
    post(
        async move |State(surface): State<Surface>,
                    keyed: Keyed,
                    _: NoQuery,
                    headers: HeaderMap,
                    body: Body| { generate::generate(endpoint, surface, keyed, headers, body).await },
    )
}

/// An error as OpenAI's clients read it, where they look; as it is elsewhere.
pub(crate) fn shape(path: &str, document: Value) -> Value {
    if path.starts_with(ROOT) { error_of(&document) } else { document }
}
