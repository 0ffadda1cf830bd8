//! `ondol.inference.v1.InferenceService`, forwarded to llm-inference.
//!
//! What can be checked without a model is checked here, so that nonsense never takes a place in the queue of a model;
//! the rest is llm-inference's, whose errors come back as they are.

use std::{pin::Pin, time::Duration};

use contract::{Page, check_counting, check_generation, model_name};
use futures::{Stream, StreamExt};
use proto::inference::v1::{
    self as wire, inference_service_client::InferenceServiceClient,
    inference_service_server::InferenceService, stream_generate_text_response::Event,
};
use rpc::Upstream;
use tonic::{Request, Response, Status};

use super::forward::{answer, forwarded, from_peer};
use crate::allowed::{check_model, check_model_of, granted};

/// A little more than llm-inference's own, whose heartbeats pass through: ours only speaks when that one is stuck.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    upstream: InferenceServiceClient<Upstream>,
}

impl Inference {
    /// A service that forwards to `upstream`.
    pub(crate) fn new(upstream: Upstream) -> Self {
        // llm-inference bounds its answers where it makes them.
        Self { upstream: InferenceServiceClient::new(upstream).max_decoding_message_size(usize::MAX) }
    }
}

#[tonic::async_trait]
impl InferenceService for Inference {
    type StreamGenerateTextStream =
        Pin<Box<dyn Stream<Item = Result<wire::StreamGenerateTextResponse, Status>> + Send>>;

    async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        let request = generation(request)?;
        answer(self.upstream.clone().generate_text(request).await)
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Self::StreamGenerateTextStream>, Status> {
        let request = generation(request)?;
        let events = answer(self.upstream.clone().stream_generate_text(request).await)?.into_inner();
        let events = events.map(|event| event.map_err(from_peer));
        let heartbeat =
            || Ok(wire::StreamGenerateTextResponse { event: Some(Event::Heartbeat(wire::Heartbeat {})) });
        Ok(Response::new(Box::pin(rpc::heartbeat(events, HEARTBEAT, heartbeat))))
    }

    async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        let request = counting(request)?;
        answer(self.upstream.clone().count_tokens(request).await)
    }

    async fn get_model(
        &self,
        request: Request<wire::GetModelRequest>,
    ) -> Result<Response<wire::Model>, Status> {
        let model = model_name(&request.get_ref().name).map_err(rpc::status)?;
        check_model_of(request.extensions(), model).map_err(rpc::status)?;
        answer(self.upstream.clone().get_model(forwarded(request)).await)
    }

    async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        Page::new(request.get_ref().page_size, &request.get_ref().page_token).map_err(rpc::status)?;
        let granted = granted(request.extensions());
        let mut listed = answer(self.upstream.clone().list_models(forwarded(request)).await)?;
        // A page may have become shorter, as pages may.
        listed.get_mut().models.retain(|model| check_model(&granted, &model.id).is_ok());
        Ok(listed)
    }
}

fn generation(
    request: Request<wire::GenerateTextRequest>,
) -> Result<Request<wire::GenerateTextRequest>, Status> {
    check_generation(request.get_ref()).map_err(rpc::status)?;
    check_model_of(request.extensions(), &request.get_ref().model).map_err(rpc::status)?;
    Ok(forwarded(request))
}

fn counting(request: Request<wire::CountTokensRequest>) -> Result<Request<wire::CountTokensRequest>, Status> {
    check_counting(request.get_ref()).map_err(rpc::status)?;
    check_model_of(request.extensions(), &request.get_ref().model).map_err(rpc::status)?;
    Ok(forwarded(request))
}
