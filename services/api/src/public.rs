//! What the door speaks besides gRPC: JSON for every rpc, gRPC-Web, and the document that describes it.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use proto::{
    admin::v1::api_key_service_server, artifacts::v1::artifact_service_server,
    inference::v1::inference_service_server, jobs::v1::job_service_server, tools::v1::tool_service_server,
};
use rpc::{BrowserArguments, Public, ServerArguments};
use transcoding::{Limits, Scope, Transcoder};

use crate::{
    ApiError,
    http::{self as paths, openai},
};

/// Where the document is.
pub(crate) const DOCUMENT: &str = "/openapi.json";

/// What is served to whoever holds a key. Other services of the contract are for our own services.
const SERVICES: [&str; 5] = [
    api_key_service_server::SERVICE_NAME,
    artifact_service_server::SERVICE_NAME,
    inference_service_server::SERVICE_NAME,
    job_service_server::SERVICE_NAME,
    tool_service_server::SERVICE_NAME,
];

/// JSON for every public rpc, with the sizes that gRPC has, and the pages that may call.
pub(crate) fn public(server: &ServerArguments, browsers: BrowserArguments) -> Result<Public, ApiError> {
    let limits = Limits {
        body_bytes: server.max_message_bytes,
        // Answers are bounded where they are made.
        answer_bytes: usize::MAX,
        ..Limits::default()
    };
    let services = SERVICES.map(str::to_owned).to_vec();
    let scope = Scope { services, every_rpc: true, limits };
    let transcoder = Transcoder::new(proto::DESCRIPTORS, &scope)?;
    Ok(Public { transcoder, browsers, errors: openai::shape })
}

/// The route of the document, which needs no key: the contract is no secret, and reflection tells it too.
pub(crate) fn document<S: Clone + Send + Sync + 'static>(public: &Public) -> axum::Router<S> {
    // It is large, and each answer takes a copy of what is here.
    let document = Bytes::from(public.transcoder.openapi("Ondol", env!("CARGO_PKG_VERSION")).to_string());
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    let answer = axum::routing::get(async move || (headers, document));
    axum::Router::new().route(DOCUMENT, answer).method_not_allowed_fallback(paths::refuse_method)
}
