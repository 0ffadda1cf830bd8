//! The contract's inference service, as far as it is measured.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use proto::inference::v1::{
    self as wire, FinishReason, inference_service_server::InferenceService,
    stream_generate_text_response::Event,
};
use tonic::{Request, Response, Status};

use super::{super::MODEL, Pace, Room};

/// Long enough for every prompt that is sent here.
const CONTEXT: u32 = 8192;

/// The service.
pub(super) struct Inference {
    pub(super) pace: Pace,
    pub(super) room: Room,
}

#[tonic::async_trait]
impl InferenceService for Inference {
    type StreamGenerateTextStream =
        Pin<Box<dyn Stream<Item = Result<wire::StreamGenerateTextResponse, Status>> + Send>>;

    async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        let slot = self.room.enter().await?;
        self.pace.wait().await;
        Ok(Response::new(wire::GenerateTextResponse {
            model: MODEL.to_owned(),
            text: "Hello.".to_owned(),
            finish_reason: FinishReason::Length.into(),
            usage: Some(usage(request.get_ref().max_tokens)),
            timings: Some(slot.timings()),
            ..wire::GenerateTextResponse::default()
        }))
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Self::StreamGenerateTextStream>, Status> {
        let slot = self.room.enter().await?;
        self.pace.wait().await;
        let tokens = request.get_ref().max_tokens;
        let started = Event::Started(wire::Started { model: MODEL.to_owned(), prompt_tokens: 4 });
        let told = self.pace.tokens(tokens);
        let told = told.map(|text| Event::Token(wire::Token { id: 1, text, ..wire::Token::default() }));
        let finished = Event::Finished(wire::Finished {
            finish_reason: FinishReason::Length.into(),
            usage: Some(usage(tokens)),
            timings: Some(slot.timings()),
            ..wire::Finished::default()
        });
        let events = stream::iter([started]).chain(told).chain(stream::iter([finished]));
        let events = events.map(move |event| {
            let _until_the_end = &slot;
            Ok(wire::StreamGenerateTextResponse { event: Some(event) })
        });
        Ok(Response::new(Box::pin(events)))
    }

    async fn count_tokens(
        &self,
        _: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        Ok(Response::new(wire::CountTokensResponse { tokens: 4, context_tokens: CONTEXT }))
    }

    async fn get_model(&self, _: Request<wire::GetModelRequest>) -> Result<Response<wire::Model>, Status> {
        Ok(Response::new(model()))
    }

    async fn list_models(
        &self,
        _: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        Ok(Response::new(wire::ListModelsResponse { models: vec![model()], next_page_token: String::new() }))
    }
}

fn usage(completion_tokens: u32) -> wire::Usage {
    wire::Usage { prompt_tokens: 4, completion_tokens, total_tokens: completion_tokens.saturating_add(4) }
}

fn model() -> wire::Model {
    wire::Model {
        name: format!("models/{MODEL}"),
        id: MODEL.to_owned(),
        task: wire::Task::TextGeneration.into(),
        context_tokens: CONTEXT,
        trained_context_tokens: CONTEXT,
        vocabulary_size: 2,
        chat: true,
        ..wire::Model::default()
    }
}
