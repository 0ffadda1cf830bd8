//! `/v1/models`: those that the caller's key allows.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    response::Response,
};
use openai::{OpenAiError, model_answer, models_answer};
use proto::inference::v1::{GetModelRequest, ListModelsRequest, inference_service_server::InferenceService};
use tonic::metadata::MetadataMap;

use super::{
    Refused, Surface,
    generate::{check_model, whole, with},
    keyed::Keyed,
    query::NoQuery,
};
use crate::ApiError;

/// How many are asked for at once, and how often: OpenAI's list has no pages.
const PAGE: i32 = 1000;
const PAGES: usize = 16;

/// `GET /v1/models`.
pub(super) async fn list(
    State(surface): State<Surface>,
    keyed: Keyed,
    _: NoQuery,
) -> Result<Response, Refused> {
    let (mut models, mut page_token, mut beside) = (Vec::new(), String::new(), MetadataMap::new());
    for _ in 0..PAGES {
        let request = keyed.request(ListModelsRequest { page_size: PAGE, page_token });
        let (metadata, page, _) = surface.inference.list_models(request).await?.into_parts();
        beside = metadata;
        models.extend(page.models);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(with(beside, whole(&models_answer(&models))))
}

/// `GET /v1/models/{model}`.
pub(super) async fn describe(
    State(surface): State<Surface>,
    keyed: Keyed,
    _: NoQuery,
    named: Result<Path<String>, PathRejection>,
) -> Result<Response, Refused> {
    let Path(model) = named.map_err(|_| ApiError::from(OpenAiError::no_such_model("")))?;
    check_model(&model)?;
    let request = keyed.request(GetModelRequest { name: format!("models/{model}") });
    let (beside, found, _) = surface.inference.get_model(request).await?.into_parts();
    Ok(with(beside, whole(&model_answer(&found))))
}
