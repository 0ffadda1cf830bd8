//! An llm-inference that does what a test tells it to, and counts what it was asked.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
};

use futures::{Stream, StreamExt, stream};
use proto::inference::v1::{
    self as wire, FinishReason, inference_service_server::InferenceService,
    stream_generate_text_response::Event,
};
use tokio::sync::{Notify, Semaphore};
use tonic::{Request, Response, Status, metadata::MetadataMap};

type Events = Pin<Box<dyn Stream<Item = Result<wire::StreamGenerateTextResponse, Status>> + Send>>;

/// The upstream. Clones are the same one. It answers with the prompt in capitals.
#[derive(Clone)]
pub(crate) struct Scripted {
    refusals: Arc<Mutex<VecDeque<Status>>>,
    asked: Arc<Mutex<Vec<(String, MetadataMap)>>>,
    remembers: bool,
    /// Calls that may be answered; without a permit a call waits.
    permits: Arc<Semaphore>,
    /// Told of each call that arrives.
    pub(crate) arrived: Arc<Notify>,
}

impl Scripted {
    /// Answers everything.
    pub(crate) fn new() -> Self {
        Self {
            refusals: Arc::default(),
            asked: Arc::default(),
            remembers: true,
            permits: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            arrived: Arc::default(),
        }
    }

    /// Answers everything and remembers nothing of it.
    pub(crate) fn forgetful() -> Self {
        Self { remembers: false, ..Self::new() }
    }

    /// Answers so many calls; the others wait.
    pub(crate) fn holding(answers: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(answers)), ..Self::new() }
    }

    /// Refuses the next calls so, one after the other.
    pub(crate) fn refuse(&self, refusals: impl IntoIterator<Item = Status>) {
        self.refusals.lock().unwrap().extend(refusals);
    }

    /// The prompts of every call so far that was not refused.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(prompt, _)| prompt.clone()).collect()
    }

    /// The metadata of the first call.
    pub(crate) fn metadata(&self) -> MetadataMap {
        self.asked.lock().unwrap()[0].1.clone()
    }

    async fn answer(&self, request: Request<wire::GenerateTextRequest>) -> Result<Answer, Status> {
        let refusal = self.refusals.lock().unwrap().pop_front();
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let (metadata, _, message) = request.into_parts();
        let said = message.messages.last().map_or(message.prompt, |message| message.text.clone());
        if self.remembers {
            self.asked.lock().unwrap().push((said.clone(), metadata));
        }
        self.arrived.notify_one();
        self.permits.acquire().await.unwrap().forget();
        Ok(Answer { model: message.model, text: said.to_uppercase() })
    }
}

struct Answer {
    model: String,
    text: String,
}

fn event(event: Event) -> wire::StreamGenerateTextResponse {
    wire::StreamGenerateTextResponse { event: Some(event) }
}

#[tonic::async_trait]
impl InferenceService for Scripted {
    type StreamGenerateTextStream = Events;

    async fn generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<wire::GenerateTextResponse>, Status> {
        let Answer { model, text } = self.answer(request).await?;
        let finish_reason = FinishReason::Stop.into();
        Ok(Response::new(wire::GenerateTextResponse { model, text, finish_reason, ..Default::default() }))
    }

    async fn stream_generate_text(
        &self,
        request: Request<wire::GenerateTextRequest>,
    ) -> Result<Response<Events>, Status> {
        let Answer { model, text } = self.answer(request).await?;
        let started = event(Event::Started(wire::Started { model, prompt_tokens: 1 }));
        let tokens: Vec<_> = text
            .chars()
            .map(|c| event(Event::Token(wire::Token { id: 1, text: c.into(), logprob: None })))
            .collect();
        let finished = wire::Finished { finish_reason: FinishReason::Stop.into(), ..Default::default() };
        let events = [started].into_iter().chain(tokens).chain([event(Event::Finished(finished))]);
        Ok(Response::new(stream::iter(events.map(Ok).collect::<Vec<_>>()).boxed()))
    }

    async fn count_tokens(
        &self,
        _: Request<wire::CountTokensRequest>,
    ) -> Result<Response<wire::CountTokensResponse>, Status> {
        Err(Status::unimplemented("no job counts"))
    }

    async fn get_model(&self, _: Request<wire::GetModelRequest>) -> Result<Response<wire::Model>, Status> {
        Err(Status::unimplemented("no job looks at models"))
    }

    async fn list_models(
        &self,
        _: Request<wire::ListModelsRequest>,
    ) -> Result<Response<wire::ListModelsResponse>, Status> {
        Err(Status::unimplemented("no job looks at models"))
    }
}
