//! `ondol.inference.v1.InferenceService`: decode, call, encode.

use std::{pin::Pin, time::Duration};

use contract::{Page, model_name};
use futures::{Stream, StreamExt, stream};
use proto::inference::v1::{
    self as wire, inference_service_server::InferenceService,
    stream_generate_text_response::Event as WireEvent,
};
use rpc::Deadline;
use tonic::{Request, Response, Status};

use crate::{
    catalogue::{Catalogue, Running},
    convert::{self, Answer, Ask},
    error::InferenceError,
};

/// Shorter than the idle limit of every load balancer that we know (the shortest is 60 seconds), and short enough for
/// a caller to notice a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Inference {
    catalogue: Catalogue,
}

impl Inference {
    /// A service over these models.
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        Self { catalogue }
    }

    async fn start(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<(String, Running), InferenceError> {
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.instant().into_std());
        let ask = Ask::try_from(request.into_inner())?;
        let served = self.catalogue.find(&ask.model)?;
        Ok((served.id().to_owned(), served.generate(ask, deadline).await?))
    }

    async fn count(
        &self,
        request: wire::CountTokensRequest,
    ) -> Result<wire::CountTokensResponse, InferenceError> {
        let (model, prompt) = convert::counted(request)?;
        let served = self.catalogue.find(&model)?;
        let tokens = served.tokens(prompt).await?.len();
        Ok(wire::CountTokensResponse { tokens: tokens as u32, context_tokens: served.context_tokens() })
    }

    fn list(&self, request: &wire::ListModelsRequest) -> Result<wire::ListModelsResponse, InferenceError> {
        let page = Page::new(request.page_size, &request.page_token)?;
        let (models, next_page_token) = page.of(self.catalogue.all().collect(), |served| served.id());
        let models = models.into_iter().map(|served| convert::model(served)).collect();
        Ok(wire::ListModelsResponse { models, next_page_token })
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
        let (model, mut running) = self.start(request).await.map_err(rpc::status)?;
        let mut answer = Answer::default();
        while let Some(event) = running.events.next().await {
            answer.take(event.map_err(rpc::status)?);
        }
        let answer = answer.complete(model).ok_or_else(|| rpc::status(InferenceError::Unfinished))?;
        Ok(Response::new(answer))
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Self::StreamGenerateTextStream>, Status> {
        let (model, running) = self.start(request).await.map_err(rpc::status)?;
        let started = wire::Started { model, prompt_tokens: running.prompt_tokens };
        let events = running.events.filter_map(async |event| match event {
            Ok(event) => convert::event(event).map(Ok),
            Err(error) => Some(Err(rpc::status(error))),
        });
        let events = stream::iter([Ok(response(WireEvent::Started(started)))]).chain(events);
        let heartbeat = || Ok(response(WireEvent::Heartbeat(wire::Heartbeat {})));
        Ok(Response::new(Box::pin(rpc::heartbeat(events, HEARTBEAT, heartbeat))))
    }

    async fn count_tokens(
        &self,
        request: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        self.count(request.into_inner()).await.map(Response::new).map_err(rpc::status)
    }

    async fn get_model(
        &self,
        request: Request<wire::GetModelRequest>,
    ) -> Result<Response<wire::Model>, Status> {
        let found = model_name(&request.get_ref().name).map_err(rpc::status)?;
        let served = self.catalogue.find(found).map_err(rpc::status)?;
        Ok(Response::new(convert::model(served)))
    }

    async fn list_models(
        &self,
        request: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        self.list(request.get_ref()).map(Response::new).map_err(rpc::status)
    }
}

fn response(event: WireEvent) -> wire::StreamGenerateTextResponse {
    wire::StreamGenerateTextResponse { event: Some(event) }
}
