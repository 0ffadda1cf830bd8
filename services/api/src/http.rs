//! The plain HTTP paths of the public door, on the same port as gRPC.
//!
//! - `GET`, `HEAD /generated/{job}/{artifact}`: the bytes of what a job made (`generated`).
//! - `GET /openapi.json`: what can be called as JSON (`public`).
//! - `/v1/…`: OpenAI's interface to models (`openai`).
//! - `PUT /uploads/{upload}`: the input of a job, where the store cannot take it by a URL of its own (`uploads`).
//!
//! The server stack stands around these routes as around gRPC's. Refusals are its statuses: it turns them into
//! HTTP's own, and into OpenAI's at its paths.

mod arguments;
mod caller;
mod conditions;
mod generated;
mod headers;
pub(crate) mod openai;
mod refused;
mod uploads;
mod whole;

use axum::{
    Router,
    routing::{get, put},
};

pub use arguments::{ArtifactArguments, Delivery};

use self::refused::Refused;
use crate::{ApiError, auth::Authenticate, public::DOCUMENT, results::Results};

const GENERATED: &str = "/generated/{job}/{artifact}";
const UPLOADS: &str = "/uploads/{upload}";
/// Every pattern, for the labels of metrics.
pub(crate) const PATHS: [&str; 8] = [
    GENERATED,
    UPLOADS,
    DOCUMENT,
    openai::CHAT,
    openai::COMPLETIONS,
    openai::MODEL,
    openai::MODELS,
    openai::RESPONSES,
];

/// What the handlers share.
#[derive(Clone)]
struct Window {
    authenticate: Authenticate,
    results: Option<Results>,
    arguments: ArtifactArguments,
}

impl Window {
    fn results(&self) -> Result<&Results, ApiError> {
        self.results.as_ref().ok_or(ApiError::NoObjects)
    }
}

/// The answer of a path that is served with other methods.
pub(crate) async fn refuse_method() -> Refused {
    ApiError::MethodNotAllowed.into()
}

/// The routes over a store; without one they say so.
pub(crate) fn routes(
    authenticate: Authenticate,
    results: Option<Results>,
    arguments: ArtifactArguments,
) -> Router {
    Router::new()
        .route(GENERATED, get(generated::read).head(generated::describe))
        .route(UPLOADS, put(uploads::receive))
        .method_not_allowed_fallback(refuse_method)
        .with_state(Window { authenticate, results, arguments })
}
