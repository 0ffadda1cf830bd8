//! What generates: chats, completions and responses.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use contract::model_id;
use http::{
    HeaderMap,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use openai::{Asked, Endpoint, Form, Made, OpenAiError};
use proto::inference::v1::inference_service_server::InferenceService;
use rpc::Remote;
use serde_json::Value;
use tonic::{Status, metadata::MetadataMap};
use uuid::Uuid;

use super::{Refused, Surface, body, events, keyed::Keyed};
use crate::ApiError;

/// The handler of the endpoints that generate.
pub(super) async fn generate(
    endpoint: Endpoint,
    surface: Surface,
    keyed: Keyed,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let bytes = body::read(&headers, body, surface.limit).await?;
    let Asked { request, form } = endpoint.read_bytes(&bytes).map_err(ApiError::from)?;
    drop(bytes);
    check_model(&request.model)?;
    let request = keyed.request(request);
    if form.streams() {
        let events = surface.inference.stream_generate_text(request).await;
        let (metadata, events, _) = events.map_err(|status| told(status, &form))?.into_parts();
        return Ok(with(metadata, events::answer(events, form).await?));
    }
    let answer = surface.inference.generate_text(request).await.map_err(|status| told(status, &form))?;
    let (metadata, answer, _) = answer.into_parts();
    Ok(with(metadata, whole(&form.answer(&made(), &answer))))
}

/// What gRPC says beside an answer, such as how limits stand, as headers.
pub(super) fn with(metadata: MetadataMap, mut response: Response) -> Response {
    response.headers_mut().extend(metadata.into_headers());
    response
}

/// A name that no model can have is one that nobody finds.
pub(super) fn check_model(model: &str) -> Result<(), ApiError> {
    match model_id(model) {
        Ok(_) => Ok(()),
        Err(_) if model.is_empty() => Err(OpenAiError::missing("model").into()),
        Err(_) => Err(OpenAiError::no_such_model(model).into()),
    }
}

/// A status in the words of the request.
pub(super) fn told(status: Status, form: &Form) -> Status {
    let beside = status.metadata().clone();
    let mut told = Status::from(Remote::from(status).renamed(|field| form.name_of(field)));
    *told.metadata_mut() = beside;
    told
}

/// What a new answer says of itself.
pub(super) fn made() -> Made {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Made { id: Uuid::now_v7().simple().to_string(), at }
}

/// An answer in one document.
pub(super) fn whole(document: &Value) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    (headers, document.to_string()).into_response()
}
