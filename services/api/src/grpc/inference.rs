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
use tonic::{Code, Request, Response, Status};

use super::{
    forward::{answer, forwarded, from_peer},
    limits::{Admission, Admitted, Contexts, bound},
};
use crate::allowed::{check_model, check_model_of, granted};

/// A little more than llm-inference's own, whose heartbeats pass through: ours only speaks when that one is stuck.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The service.
#[derive(Clone)]
pub(crate) struct Inference {
    upstream: InferenceServiceClient<Upstream>,
    admission: Admission,
    contexts: Contexts,
}

impl Inference {
    /// A service that forwards to `upstream` what is let in.
    pub(crate) fn new(upstream: Upstream, admission: Admission) -> Self {
        // llm-inference bounds its answers where it makes them.
        let upstream = InferenceServiceClient::new(upstream).max_decoding_message_size(usize::MAX);
        Self { contexts: Contexts::new(upstream.clone()), upstream, admission }
    }

    /// Lets in a request to generate, which is right as far as that can be seen here.
    async fn admit(&self, request: &Request<wire::GenerateTextRequest>) -> Result<Admitted, Status> {
        let (extensions, asked) = (request.extensions(), request.get_ref());
        if !self.admission.bounds(extensions, &asked.model) {
            return self.admission.request(extensions).await;
        }
        match self.contexts.of(extensions, &asked.model).await {
            Ok(context) => self.admission.generation(extensions, &asked.model, bound(asked, context)).await,
            // A name that nobody serves has no limits of its own, and is a request of its caller all the same.
            Err(unknown) if unknown.code() == Code::NotFound => {
                Err(self.admission.request(extensions).await?.refusing(unknown))
            }
            Err(failed) => Err(failed),
        }
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
        check(&request)?;
        let admitted = self.admit(&request).await?;
        let mut upstream = self.upstream.clone();
        admitted.whole(async { answer(upstream.generate_text(forwarded(request)).await) }).await
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Self::StreamGenerateTextStream>, Status> {
        check(&request)?;
        let admitted = self.admit(&request).await?;
        let events = self.upstream.clone().stream_generate_text(forwarded(request)).await;
        let told = admitted.telling(answer(events))?;
        let mut meter = admitted.meter();
        Ok(told.map(|events| {
            let events = events.map(move |event| {
                meter.see(&event);
                event.map_err(from_peer)
            });
            Box::pin(rpc::heartbeat(events, HEARTBEAT, beat)) as Self::StreamGenerateTextStream
        }))
    }

    async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        let asked = request.get_ref();
        check_counting(asked).map_err(rpc::status)?;
        check_model_of(request.extensions(), &asked.model).map_err(rpc::status)?;
        let admitted = self.admission.request(request.extensions()).await?;
        admitted.telling(answer(self.upstream.clone().count_tokens(forwarded(request)).await))
    }

    async fn get_model(
        &self,
        request: Request<wire::GetModelRequest>,
    ) -> Result<Response<wire::Model>, Status> {
        let model = model_name(&request.get_ref().name).map_err(rpc::status)?;
        check_model_of(request.extensions(), model).map_err(rpc::status)?;
        let admitted = self.admission.request(request.extensions()).await?;
        admitted.telling(answer(self.upstream.clone().get_model(forwarded(request)).await))
    }

    async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        Page::new(request.get_ref().page_size, &request.get_ref().page_token).map_err(rpc::status)?;
        let granted = granted(request.extensions());
        let admitted = self.admission.request(request.extensions()).await?;
        let listed = answer(self.upstream.clone().list_models(forwarded(request)).await);
        let mut listed = admitted.telling(listed)?;
        // A page may have become shorter, as pages may.
        listed.get_mut().models.retain(|model| check_model(&granted, &model.id).is_ok());
        Ok(listed)
    }
}

fn check(request: &Request<wire::GenerateTextRequest>) -> Result<(), Status> {
    check_generation(request.get_ref()).map_err(rpc::status)?;
    check_model_of(request.extensions(), &request.get_ref().model).map_err(rpc::status)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among what may fail")]
fn beat() -> Result<wire::StreamGenerateTextResponse, Status> {
    Ok(wire::StreamGenerateTextResponse { event: Some(Event::Heartbeat(wire::Heartbeat {})) })
}
